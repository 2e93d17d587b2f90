"""Transactions in the console: to look at; the ledger decides, staff act through services."""

from django.contrib import admin
from django.utils.safestring import SafeString

from common.adminkit import ReadOnlyModelAdmin, amount_shown, payload_shown, status_display
from users.submissions.models import TransactionRequest, UnclaimedOutcome


@admin.register(TransactionRequest)
class TransactionRequestAdmin(ReadOnlyModelAdmin):
    list_display = (
        "id",
        "kind",
        "shown_amount",
        "user",
        "counterparty",
        "shown_status",
        "rejection_code",
        "accepted_at",
        "settled_at",
    )
    list_display_links = ("id",)
    list_filter = ("status", "kind", "currency")
    list_select_related = ("user", "counterparty", "requested_by")
    id_fields = ("id", "user", "counterparty", "requested_by")
    search_fields = ("reference__exact", "request_id__exact", "user__email__exact")
    search_help_text = "An id, a reference, a request id or an e-mail address, in full."
    ordering = ("-id",)
    fields = (
        ("id", "kind", "shown_status"),
        ("shown_amount", "shown_captured", "shown_reversed"),
        ("user", "counterparty", "requested_by"),
        ("accepted_at", "settled_at", "rejection_code"),
        ("capture", "hold_expires_at"),
        ("reference", "description"),
        "shown_metadata",
        ("idempotency_key", "request_id", "traceparent"),
    )
    readonly_fields = (
        "shown_status",
        "shown_amount",
        "shown_captured",
        "shown_reversed",
        "shown_metadata",
    )

    @status_display(description="Status", ordering="status")
    def shown_status(self, request: TransactionRequest) -> str:
        return request.status

    @admin.display(description="Amount", ordering="amount")
    def shown_amount(self, request: TransactionRequest) -> SafeString:
        return amount_shown(request.amount, request.currency)

    @admin.display(description="Captured")
    def shown_captured(self, request: TransactionRequest) -> SafeString:
        return amount_shown(request.captured_amount, request.currency)

    @admin.display(description="Reversed")
    def shown_reversed(self, request: TransactionRequest) -> SafeString:
        return amount_shown(request.reversed_amount, request.currency)

    @admin.display(description="Metadata")
    def shown_metadata(self, request: TransactionRequest) -> SafeString:
        return payload_shown(request.metadata)


@admin.register(UnclaimedOutcome)
class UnclaimedOutcomeAdmin(ReadOnlyModelAdmin):
    list_display = ("transaction_id", "status", "shown_amount", "user_id", "received_at")
    id_fields = ("transaction_id", "user_id")
    search_help_text = "The id of a transaction or a user, in full."
    ordering = ("-transaction_id",)

    @admin.display(description="Amount", ordering="amount")
    def shown_amount(self, outcome: UnclaimedOutcome) -> SafeString:
        return amount_shown(outcome.amount, outcome.currency or "")
