"""The books in the console: for reading only, superusers included."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from common.adminkit import (
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    action,
    amount_shown,
)
from common.money import money_display
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
from transactions.ledger.models import (
    Account,
    AccountChange,
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
    def money(self, posting: Posting) -> str:
        return money_display(posting.amount, posting.account.currency)

    @admin.display(description="Balance after")
    def money_after(self, posting: Posting) -> str:
        if posting.balance_after is None:
            return "-"
        return money_display(posting.balance_after, posting.account.currency)


class JournalColumns:
    """A journal entry's hash in hexadecimal."""

    @admin.display(description="Hash")
    def digest(self, entry: JournalEntry) -> str:
        return bytes(entry.hash).hex()


class AccountChangeInline(ReadOnlyInline):
    model = AccountChange
    fields = readonly_fields = (
        "recorded_at",
        "from_status",
        "to_status",
        "actor",
        "reason",
        "cause",
    )
    ordering = ("id",)


@admin.register(Account)
class AccountAdmin(Listing, DialogAdmin):
    list_display = ("id", "owner", "role", "currency", "status", "posted", "pending", "available")
    list_filter = ("status", "role", ("currency", ValuesFilter))
    searched = Searched(ids=("id", "owner"))
    search_help_text = "The id of an account or of its owner, in full"
    found_by_command = True
    exported = (
        *("id", "owner", "role", "currency", "status", "debits_posted", "credits_posted"),
        *("debits_pending", "credits_pending", "opened_at", "last_recorded_at"),
    )
    ordering = ("-id",)
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
        "status",
        "posted",
        "pending",
        "available",
        "opened_at",
        "last_recorded_at",
    )
    inlines = (AccountChangeInline,)

    @admin.display(description="Posted")
    def posted(self, account: Account) -> str:
        return money_display(account.posted, account.currency)

    @admin.display(description="Pending")
    def pending(self, account: Account) -> str:
        return money_display(account.pending, account.currency)

    @admin.display(description="Available")
    def available(self, account: Account) -> str:
        return money_display(account.available, account.currency)

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
    list_display = ("id", "kind", "state", "money", "stream", "rejection_code", "recorded_at")
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
    fieldsets = (
        (
            "Details",
            {
                "fields": (
                    ("kind", "state"),
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
    readonly_fields = ("money", "captured", "reversed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerTransaction]:
        rows: QuerySet[LedgerTransaction] = super().get_queryset(request)
        return rows.select_related("debit_account", "credit_account", "pending", "reverses")

    def timeline(self, row: LedgerTransaction) -> Timeline:
        return timeline_of(row)

    def twin_path(self, row: LedgerTransaction) -> str:
        """What a command did is part of the page of its original there."""
        original = row.pending_id or row.reverses_id or row.pk
        return f"submissions/transactionrequest/{original}/change/"

    @admin.display(description="Amount")
    def money(self, transaction: LedgerTransaction) -> str:
        return _money(transaction.amount, transaction)

    @admin.display(description="Captured")
    def captured(self, transaction: LedgerTransaction) -> str:
        return _money(transaction.captured_amount, transaction)

    @admin.display(description="Reversed")
    def reversed(self, transaction: LedgerTransaction) -> str:
        return _money(transaction.reversed_amount, transaction)


def _money(amount: int | None, transaction: LedgerTransaction) -> str:
    if amount is None or transaction.currency is None:
        return "-"
    return money_display(amount, transaction.currency)


@admin.register(Posting)
class PostingAdmin(Listing, PostingColumns, ReadOnlyModelAdmin):
    list_display = ("id", "transaction_id", "account", "direction", "layer", "money", "recorded_at")
    list_filter = ("direction", "layer")
    list_select_related = ("account",)
    searched = Searched(ids=("transaction", "account"), numbers=("id",))
    search_help_text = "Id of a transaction or account in full; number"
    totals_of = ("amount", "account__currency")
    exported = (
        *("id", "transaction_id", "account_id", "account__currency", "direction", "layer"),
        *("amount", "balance_after", "recorded_at"),
    )
    ordering = ("-id",)
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


@admin.register(UserReplica)
class UserReplicaAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("id", "status")
    searched = Searched(ids=("id",))
    search_help_text = "A user's id, in full"
    exported = ("id", "status")
    ordering = ("-id",)
