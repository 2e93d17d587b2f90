"""Transactions in the console: to look at; the ledger decides, staff act through services."""

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.safestring import SafeString

from common.adminkit import (
    NOTHING,
    ReadOnlyModelAdmin,
    amount_shown,
    payload_shown,
    status_display,
    text_visible,
)
from common.staff.dialogs import DialogAdmin, detail_dialog
from common.staff.filters import AmountFilter, IdTimeFilter, ValuesFilter
from common.staff.lists import Listing
from common.staff.searching import Searched
from common.staff.timeline import Timeline
from common.staff.timeline_page import TimelineModelAdmin
from users.submissions import (
    proposals_admin,  # noqa: F401  registers its page
    staff_dialogs,
)
from users.submissions.models import TransactionCommand, TransactionRequest, UnclaimedOutcome
from users.submissions.timeline import timeline_of_command, timeline_of_request


@admin.register(TransactionRequest)
class TransactionRequestAdmin(Listing, TimelineModelAdmin, DialogAdmin):
    list_display = (
        "id",
        "kind",
        "shown_amount",
        "shown_status",
        "user",
        "counterparty",
        "rejection_code",
        "accepted_at",
        "settled_at",
    )
    list_display_links = ("id",)
    list_filter = (
        "status",
        "kind",
        ("rejection_code", ValuesFilter),
        ("currency", ValuesFilter),
        AmountFilter,
        IdTimeFilter,
    )
    linked_lookups = ("accepted_at__gte", "currency__exact", "rejection_code__exact")
    list_select_related = ("user", "counterparty")
    searched = Searched(
        ids=("id", "user", "counterparty", "requested_by"),
        exact=("idempotency_key", "request_id"),
        prefixes=("reference",),
        people=("user", "counterparty", "requested_by"),
    )
    search_help_text = "Id, key or request id in full; reference or address"
    totals_of = ("amount", "currency")
    found_by_command = True
    exported = (
        *("id", "kind", "status", "rejection_code", "amount", "currency", "captured_amount"),
        *("reversed_amount", "user_id", "counterparty_id", "requested_by_id", "reference"),
        *("description", "idempotency_key", "request_id", "accepted_at", "settled_at"),
    )
    ordering = ("-id",)
    empty_says = (
        "Requests come in by POST /api/v1/transactions; on your machine, ./manage_all.sh demo "
        "sends some."
    )
    fieldsets = (
        (
            "Details",
            {
                "fields": (
                    ("kind", "shown_status"),
                    ("shown_amount", "rejection_code"),
                    ("shown_captured", "shown_reversed"),
                    ("user", "counterparty"),
                    ("requested_by", "capture"),
                    ("accepted_at", "settled_at"),
                    ("hold_expires_in_s", "hold_expires_at"),
                    ("shown_reference", "shown_description"),
                    "shown_metadata",
                    ("shown_idempotency_key", "shown_request_id"),
                    "traceparent",
                )
            },
        ),
    )
    actions_detail = ("reverse", "void")
    reverse = detail_dialog(staff_dialogs.REVERSE)
    void = detail_dialog(staff_dialogs.VOID)
    readonly_fields = (
        "shown_status",
        "shown_amount",
        "shown_captured",
        "shown_reversed",
        "shown_reference",
        "shown_description",
        "shown_metadata",
        "shown_idempotency_key",
        "shown_request_id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TransactionRequest]:
        rows: QuerySet[TransactionRequest] = super().get_queryset(request)
        return rows.select_related("user", "counterparty", "requested_by")

    def timeline(self, row: TransactionRequest) -> Timeline:
        return timeline_of_request(row)

    def twin_path(self, row: TransactionRequest) -> str:
        """The ledger has a transaction as soon as it has decided."""
        if row.status == TransactionRequest.Status.PENDING:
            return f"inbox/inboxwaiting/?q={row.user_id}"
        return f"ledger/ledgertransaction/{row.pk}/change/"

    @status_display(description="Status")
    def shown_status(self, request: TransactionRequest) -> str:
        return request.status

    @admin.display(description="Amount")
    def shown_amount(self, request: TransactionRequest) -> SafeString:
        return amount_shown(request.amount, request.currency)

    @admin.display(description="Captured")
    def shown_captured(self, request: TransactionRequest) -> SafeString:
        return amount_shown(request.captured_amount, request.currency)

    @admin.display(description="Reversed")
    def shown_reversed(self, request: TransactionRequest) -> SafeString:
        return amount_shown(request.reversed_amount, request.currency)

    @admin.display(description="Reference")
    def shown_reference(self, request: TransactionRequest) -> str:
        return text_visible(request.reference or NOTHING)

    @admin.display(description="Description")
    def shown_description(self, request: TransactionRequest) -> str:
        return text_visible(request.description or NOTHING)

    @admin.display(description="Idempotency key")
    def shown_idempotency_key(self, request: TransactionRequest) -> str:
        return text_visible(request.idempotency_key)

    @admin.display(description="Request id")
    def shown_request_id(self, request: TransactionRequest) -> str:
        return text_visible(request.request_id)

    @admin.display(description="Metadata")
    def shown_metadata(self, request: TransactionRequest) -> SafeString:
        return payload_shown(request.metadata)


@admin.register(TransactionCommand)
class TransactionCommandAdmin(Listing, TimelineModelAdmin):
    list_display = (
        "id",
        "type",
        "shown_amount",
        "transaction_id",
        "requested_by",
        "shown_status",
        "rejection_code",
        "accepted_at",
        "settled_at",
    )
    list_display_links = ("id",)
    list_filter = ("status", "type", ("rejection_code", ValuesFilter), IdTimeFilter)
    list_select_related = ("transaction", "requested_by")
    searched = Searched(
        ids=("id", "transaction_id", "requested_by"),
        exact=("idempotency_key", "request_id"),
        people=("requested_by",),
    )
    search_help_text = "Id, key or request id in full; address"
    totals_of = (Coalesce("applied_amount", "amount"), "transaction__currency")
    totals_say = "What was applied, or else asked for; not of commands about all that remains."
    found_by_command = True
    exported = (
        *("id", "transaction_id", "type", "status", "rejection_code", "amount"),
        *("applied_amount", "requested_by_id", "reason", "idempotency_key", "request_id"),
        *("accepted_at", "settled_at"),
    )
    ordering = ("-id",)
    empty_says = (
        "Captures, voids and reversals that somebody asks for are listed here, and holds that "
        "expire."
    )
    fieldsets = (
        (
            "Details",
            {
                "fields": (
                    ("type", "shown_status"),
                    ("shown_amount", "rejection_code"),
                    ("transaction", "requested_by"),
                    ("accepted_at", "settled_at"),
                    "shown_reason",
                    ("idempotency_key", "request_id"),
                    "traceparent",
                )
            },
        ),
    )
    readonly_fields = ("shown_status", "shown_amount", "shown_reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TransactionCommand]:
        rows: QuerySet[TransactionCommand] = super().get_queryset(request)
        return rows.select_related("transaction", "requested_by")

    def timeline(self, row: TransactionCommand) -> Timeline:
        return timeline_of_command(row)

    def twin_path(self, row: TransactionCommand) -> str:
        """The ledger's transaction of a command has the command's id."""
        if row.status == TransactionCommand.Status.PENDING:
            return f"ledger/ledgertransaction/{row.transaction_id}/change/"
        return f"ledger/ledgertransaction/{row.pk}/change/"

    @admin.display(description="Reason")
    def shown_reason(self, command: TransactionCommand) -> str:
        return text_visible(command.reason or NOTHING)

    @status_display(description="Status")
    def shown_status(self, command: TransactionCommand) -> str:
        return command.status

    @admin.display(description="Amount")
    def shown_amount(self, command: TransactionCommand) -> SafeString:
        return _command_amount_shown(command)


@admin.register(UnclaimedOutcome)
class UnclaimedOutcomeAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("transaction_id", "status", "shown_amount", "user_id", "received_at")
    searched = Searched(ids=("transaction_id", "user_id"))
    totals_of = ("amount", "currency")
    exported = (
        *("transaction_id", "user_id", "status", "rejection_code", "amount", "currency"),
        *("decided_at", "received_at"),
    )
    search_help_text = "The id of a transaction or a user, in full."
    ordering = ("-transaction_id",)
    empty_says = "Every outcome that came from the ledger is of a request that this database knows."

    @admin.display(description="Amount")
    def shown_amount(self, outcome: UnclaimedOutcome) -> SafeString:
        return amount_shown(outcome.amount, outcome.currency or "")


def _command_amount_shown(command: TransactionCommand) -> SafeString:
    """What was asked for, or once it is applied what it came to; a dash for all that remains."""
    applied = command.applied_amount
    return amount_shown(
        command.amount if applied is None else applied, command.transaction.currency
    )
