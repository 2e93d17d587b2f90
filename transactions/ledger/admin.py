"""The books in the console: for reading only, superusers included."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import Case, F, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from common.adminkit import (
    ReadOnlyModelAdmin,
    action,
    amount_shown,
    status_display,
)
from common.staff.dialogs import DialogAdmin, detail_dialog, list_dialog
from common.staff.filters import AmountFilter, IdTimeFilter, ValuesFilter
from common.staff.lists import Listing
from common.staff.searching import Searched
from common.staff.sign_in import console_allows
from common.staff.timeline import Timeline
from common.staff.timeline_page import TimelineModelAdmin
from transactions.console_sign_in import LocalSignInForm
from transactions.ledger import (
    staff_admin,  # noqa: F401  registers its page
    staff_dialogs,
)
from transactions.ledger.account_timeline import timeline_of_account
from transactions.ledger.models import (
    Account,
    JournalEntry,
    JournalSeal,
    LedgerCheckResult,
    LedgerTransaction,
    Posting,
    UserReplica,
)
from transactions.ledger.statement_page import statement_answer
from transactions.ledger.timeline import timeline_of
from transactions.ledger.trial_balance import CurrencyBalance, trial_balance

# Others register these without our look and without our rules.
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
admin.site.unregister(SocialAccount)
admin.site.unregister(SocialApp)
admin.site.unregister(SocialToken)

admin.site.login_form = LocalSignInForm
admin.site.has_permission = console_allows  # type: ignore[method-assign]  # every page asks it

_TRIAL_BALANCE_HEADERS = (
    "Accounts",
    "Debits posted",
    "Credits posted",
    "Debits pending",
    "Credits pending",
)


class PostingColumns:
    """A posting's amounts as people read them; the account must be loaded with it."""

    @admin.display(description="Amount")
    def money(self, posting: Posting) -> SafeString:
        return amount_shown(posting.amount, posting.account.currency)

    @admin.display(description="Balance after")
    def money_after(self, posting: Posting) -> SafeString:
        return amount_shown(posting.balance_after, posting.account.currency)


class JournalColumns:
    """A journal entry's hash in hexadecimal."""

    @admin.display(description="Hash")
    def digest(self, entry: JournalEntry) -> str:
        return bytes(entry.hash).hex()


@admin.register(Account)
class AccountAdmin(Listing, TimelineModelAdmin, DialogAdmin):
    list_display = (
        *("id", "owner", "role", "currency", "shown_status"),
        *("posted", "pending", "available"),
    )
    list_filter = ("status", "role", ("currency", ValuesFilter))
    searched = Searched(ids=("id", "owner"))
    search_help_text = "The id of an account or of its owner, in full"
    totals_of = (
        Case(When(owner__isnull=False, then=F("credits_posted") - F("debits_posted"))),
        "currency",
    )
    totals_say = "Posted balances of wallets."
    found_by_command = True
    exported = (
        *("id", "owner", "role", "currency", "status", "debits_posted", "credits_posted"),
        *("debits_pending", "credits_pending", "opened_at", "last_recorded_at"),
    )
    ordering = ("-id",)
    empty_says = "A wallet is opened by the first payment from it or to it."
    actions_list = ("trial_balance",)
    actions = (list_dialog(staff_dialogs.FREEZE), list_dialog(staff_dialogs.UNFREEZE))
    actions_detail = ("statement", "freeze", "unfreeze", "close")
    freeze = detail_dialog(staff_dialogs.FREEZE)
    unfreeze = detail_dialog(staff_dialogs.UNFREEZE)
    close = detail_dialog(staff_dialogs.CLOSE)
    fields = readonly_fields = (
        "id",
        "owner",
        "role",
        "currency",
        "normal_side",
        "shown_status",
        "posted",
        "pending",
        "available",
        "opened_at",
        "last_recorded_at",
    )

    def timeline(self, row: Account) -> Timeline:
        return timeline_of_account(row)

    def twin_path(self, row: Account) -> str:
        """Its owner, where it has one."""
        return "" if row.owner is None else f"identity/user/{row.owner}/change/"

    @status_display(description="Status")
    def shown_status(self, account: Account) -> str:
        return account.status

    @admin.display(description="Posted")
    def posted(self, account: Account) -> SafeString:
        return amount_shown(account.posted, account.currency)

    @admin.display(description="Pending")
    def pending(self, account: Account) -> SafeString:
        return amount_shown(account.pending, account.currency)

    @admin.display(description="Available")
    def available(self, account: Account) -> SafeString:
        return amount_shown(account.available, account.currency)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Statements are of wallets."""
        offered = super().get_actions_detail(request, object_id)
        row = self.get_object(request, object_id)
        if row is not None and row.owner is not None:
            return offered
        return [each for each in offered if each.path != "statement"]

    @action(
        description="Statement", url_path="statement", permissions=["view"], icon="receipt_long"
    )
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show what moved the wallet's posted balance."""
        account = self.get_object(request, object_id)
        if account is None or account.owner is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": "Statement",
            "opts": self.opts,
        }
        return statement_answer(request, account, context)

    @action(description="Trial balance", url_path="trial-balance", permissions=["view"])
    def trial_balance(self, request: HttpRequest) -> TemplateResponse:
        """Show whether debits equal credits over all accounts."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Trial balance",
            "opts": self.opts,
            "as_of": timezone.now(),
            "currencies": [_currency_shown(balance) for balance in trial_balance()],
        }
        return TemplateResponse(request, "ledger/trial_balance.html", context)


def _currency_shown(balance: CurrencyBalance) -> dict[str, Any]:
    rows = [
        [name.replace("_", " "), *(amount_shown(total, balance.currency) for total in totals)]
        for name, *totals in balance.classes
    ]
    return {
        "name": balance.currency,
        "balances": balance.balances,
        "table": {"headers": _TRIAL_BALANCE_HEADERS, "rows": rows},
    }


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(Listing, TimelineModelAdmin):
    list_display = (
        *("id", "kind", "money", "shown_state", "stream", "rejection_code", "recorded_at"),
    )
    list_filter = (
        "state",
        "kind",
        ("rejection_code", ValuesFilter),
        ("currency", ValuesFilter),
        AmountFilter,
        IdTimeFilter,
    )
    linked_lookups = (
        *("recorded_at__gte", "kind__in", "currency__exact", "rejection_code__exact"),
    )
    searched = Searched(ids=("id", "pending", "reverses", "stream"), prefixes=("reference",))
    search_help_text = "Id of a transaction or user in full; reference"
    totals_of = ("amount", "currency")
    found_by_command = True
    exported = (
        *("id", "kind", "state", "rejection_code", "amount", "currency", "captured_amount"),
        *("reversed_amount", "stream", "requested_by", "pending_id", "reverses_id"),
        *("reference", "effective_at", "recorded_at"),
    )
    ordering = ("-id",)
    empty_says = (
        "The ledger decides about what users accepts; on your machine, ./manage_all.sh demo "
        "sends some."
    )
    fieldsets = (
        (
            "Details",
            {
                "fields": (
                    ("kind", "shown_state"),
                    ("money", "rejection_code"),
                    ("captured", "reversed"),
                    ("debit_account", "credit_account"),
                    ("pending", "reverses"),
                    ("stream", "requested_by"),
                    ("effective_at", "recorded_at"),
                    "hold_expires_at",
                    ("source_event_id", "source_sequence"),
                    ("source_partition", "source_offset"),
                )
            },
        ),
    )
    readonly_fields = ("money", "captured", "reversed", "shown_state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerTransaction]:
        rows: QuerySet[LedgerTransaction] = super().get_queryset(request)
        return rows.select_related("debit_account", "credit_account", "pending", "reverses")

    def timeline(self, row: LedgerTransaction) -> Timeline:
        return timeline_of(row)

    def twin_path(self, row: LedgerTransaction) -> str:
        """What a command did is part of the page of its original there."""
        original = row.pending_id or row.reverses_id or row.pk
        return f"submissions/transactionrequest/{original}/change/"

    @status_display(description="State")
    def shown_state(self, transaction: LedgerTransaction) -> str:
        return transaction.state

    @admin.display(description="Amount")
    def money(self, transaction: LedgerTransaction) -> SafeString:
        return _money(transaction.amount, transaction)

    @admin.display(description="Captured")
    def captured(self, transaction: LedgerTransaction) -> SafeString:
        return _money(transaction.captured_amount, transaction)

    @admin.display(description="Reversed")
    def reversed(self, transaction: LedgerTransaction) -> SafeString:
        return _money(transaction.reversed_amount, transaction)


def _money(amount: int | None, transaction: LedgerTransaction) -> SafeString:
    """Of a discarded request, what was not legible is not known."""
    known = transaction.currency is not None
    return amount_shown(amount if known else None, transaction.currency or "")


@admin.register(Posting)
class PostingAdmin(Listing, PostingColumns, ReadOnlyModelAdmin):
    list_display = ("id", "transaction_id", "account", "direction", "layer", "money", "recorded_at")
    list_filter = ("direction", "layer")
    list_select_related = ("account",)
    searched = Searched(ids=("transaction", "account"), numbers=("id",))
    search_help_text = "Id of a transaction or account in full; number"
    totals_of = ("amount", "account__currency")
    totals_say = "Debits and credits alike."
    exported = (
        *("id", "transaction_id", "account_id", "account__currency", "direction", "layer"),
        *("amount", "balance_after", "recorded_at"),
    )
    ordering = ("-id",)
    empty_says = "What the ledger posts is listed here; what it refuses moves nothing."
    fields = readonly_fields = (
        "id",
        "transaction",
        "account",
        "direction",
        "layer",
        "money",
        "money_after",
        "recorded_at",
    )


class ToStateFilter(admin.SimpleListFilter):
    """By the state that was entered; the column is not looked through for what it has."""

    title = "state"
    parameter_name = "to_state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:  # noqa: ARG002  Django's
        return LedgerTransaction.State.choices

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[JournalEntry],
    ) -> QuerySet[JournalEntry]:
        return queryset if self.value() is None else queryset.filter(to_state=self.value())


@admin.register(JournalEntry)
class JournalEntryAdmin(Listing, JournalColumns, ReadOnlyModelAdmin):
    list_display = ("sequence", "transaction_id", "type", "code", "actor", "recorded_at")
    list_filter = (ToStateFilter,)
    searched = Searched(ids=("transaction",), numbers=("sequence",))
    search_help_text = "Id of a transaction in full; sequence"
    exported = (
        *("sequence", "transaction_id", "type", "from_state", "to_state", "code", "actor"),
        *("cause", "recorded_at"),
    )
    ordering = ("-sequence",)
    fields = readonly_fields = (
        "sequence",
        "transaction",
        "type",
        "from_state",
        "to_state",
        "code",
        "actor",
        "cause",
        "recorded_at",
        "digest",
    )


@admin.register(JournalSeal)
class JournalSealAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("number", "entries", "last_sequence", "sealed_at", "shown_digest")
    searched = Searched(numbers=("number",))
    search_help_text = "The number of a seal"
    exported = ("number", "entries", "last_sequence", "sealed_at", "digest", "previous")
    ordering = ("-number",)
    empty_says = "Housekeeping seals new entries of the journal once a minute; there is none yet."
    fields = readonly_fields = (
        "number",
        "entries",
        "last_sequence",
        "sealed_at",
        "shown_digest",
        "shown_previous",
    )

    @admin.display(description="Digest")
    def shown_digest(self, seal: JournalSeal) -> str:
        return bytes(seal.digest).hex()

    @admin.display(description="Digest of the seal before")
    def shown_previous(self, seal: JournalSeal) -> str:
        return bytes(seal.previous).hex()


@admin.register(LedgerCheckResult)
class LedgerCheckResultAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "ok", "at", "details")
    ordering = ("name",)
    empty_says = "Housekeeping checks the books by itself, and has not come to it yet: does it run?"


@admin.register(UserReplica)
class UserReplicaAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("id", "status")
    searched = Searched(ids=("id",))
    search_help_text = "A user's id, in full"
    exported = ("id", "status")
    ordering = ("-id",)
