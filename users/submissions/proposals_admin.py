"""Proposals in the console: what waits for the eyes of somebody else."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.adminkit import (
    amount_shown,
    display,
    id_shown,
    status_display,
    text_visible,
    time_shown,
)
from common.staff.dialogs import DialogAdmin, detail_dialog
from common.staff.lists import Listing
from common.staff.searching import Searched
from users.submissions import staff_dialogs
from users.submissions.models import CommandProposal

_OWN = ("withdraw",)
_OF_OTHERS = ("approve", "refuse")


@admin.register(CommandProposal)
class CommandProposalAdmin(Listing, DialogAdmin):
    list_display = (
        "shown_at",
        "type",
        "shown_amount",
        "proposed_by",
        "shown_reason",
        "shown_status",
        "shown_expiry",
        "decided_by",
    )
    list_filter = ("status", "type")
    list_select_related = ("transaction", "proposed_by", "decided_by")
    searched = Searched(ids=("id", "transaction"))
    search_help_text = "The id of a proposal or a transaction, in full."
    totals_of = ("amount", "transaction__currency")
    totals_say = "Not of proposals about all that remains."
    exported = (
        *("id", "proposed_at", "transaction_id", "type", "amount", "transaction__currency"),
        *("status", "proposed_by_id", "reason", "expires_at", "decided_by_id", "decided_at"),
        *("decision_reason", "command_id"),
    )
    ordering = ("-id",)
    empty_says = (
        "What needs four eyes waits here for a colleague: begin with Reverse or Void on the "
        "page of a transaction."
    )
    fields = readonly_fields = (
        "id",
        "shown_status",
        "type",
        "shown_amount",
        "shown_transaction",
        "proposed_by",
        "shown_at",
        "shown_reason",
        "shown_expiry",
        "decided_by",
        "shown_decided_at",
        "shown_decision_reason",
        "command",
    )
    actions_detail = (*_OF_OTHERS, *_OWN)
    approve = detail_dialog(staff_dialogs.APPROVE)
    refuse = detail_dialog(staff_dialogs.REFUSE)
    withdraw = detail_dialog(staff_dialogs.WITHDRAW)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to decide to everybody but who proposed it; the service says so, too."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        row = self.get_object(request, object_id)
        own = row is not None and row.proposed_by_id == request.user.pk
        fitting = {
            self.get_unfold_action(name).action_name for name in (_OWN if own else _OF_OTHERS)
        }
        return [each for each in offered if each.action_name in fitting]

    @display(description="Proposed")
    def shown_at(self, row: CommandProposal) -> SafeString:
        return time_shown(row.proposed_at)

    @display(description="Expires")
    def shown_expiry(self, row: CommandProposal) -> SafeString:
        return time_shown(row.expires_at)

    @display(description="Decided")
    def shown_decided_at(self, row: CommandProposal) -> SafeString:
        return time_shown(row.decided_at)

    @status_display(description="Status", ordering="status")
    def shown_status(self, row: CommandProposal) -> str:
        return row.status

    @display(description="Amount")
    def shown_amount(self, row: CommandProposal) -> SafeString:
        """What was asked for; a dash for all that remains."""
        return amount_shown(row.amount, row.transaction.currency)

    @display(description="Transaction")
    def shown_transaction(self, row: CommandProposal) -> SafeString:
        page = reverse("admin:submissions_transactionrequest_change", args=[row.transaction_id])
        return format_html('<a href="{}">{}</a>', page, id_shown(row.transaction_id))

    @display(description="Reason")
    def shown_reason(self, row: CommandProposal) -> str:
        return text_visible(row.reason)

    @display(description="Reason of the decision")
    def shown_decision_reason(self, row: CommandProposal) -> str:
        return text_visible(row.decision_reason)
