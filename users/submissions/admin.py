"""Transactions in the console: to look at; the ledger decides, staff act through services."""

from django.contrib import admin

from common.adminkit import ReadOnlyModelAdmin
from common.money import money_display
from users.submissions.models import TransactionRequest


@admin.register(TransactionRequest)
class TransactionRequestAdmin(ReadOnlyModelAdmin):
    list_display = (
        "id",
        "kind",
        "shown_amount",
        "user",
        "counterparty",
        "status",
        "rejection_code",
        "accepted_at",
        "settled_at",
    )
    list_display_links = ("id",)
    list_filter = ("status", "kind", "currency")
    list_select_related = ("user", "counterparty", "requested_by")
    search_fields = ("=id", "=user__id", "=counterparty__id", "reference", "=request_id")
    ordering = ("-id",)
    fields = (
        ("id", "kind", "status"),
        ("shown_amount", "shown_captured", "shown_reversed"),
        ("user", "counterparty", "requested_by"),
        ("accepted_at", "settled_at", "rejection_code"),
        ("capture", "hold_expires_at"),
        ("reference", "description"),
        "metadata",
        ("idempotency_key", "request_id", "traceparent"),
    )
    readonly_fields = ("shown_amount", "shown_captured", "shown_reversed")

    @admin.display(description="Amount", ordering="amount")
    def shown_amount(self, request: TransactionRequest) -> str:
        return money_display(request.amount, request.currency)

    @admin.display(description="Captured")
    def shown_captured(self, request: TransactionRequest) -> str:
        return money_display(request.captured_amount, request.currency)

    @admin.display(description="Reversed")
    def shown_reversed(self, request: TransactionRequest) -> str:
        return money_display(request.reversed_amount, request.currency)
