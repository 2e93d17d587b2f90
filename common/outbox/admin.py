"""The outbox as staff see it: what left, what waits, and which streams are parked."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from common.adminkit import ReadOnlyModelAdmin
from common.outbox.models import OutboxMessage, OutboxStream


class PublishedFilter(admin.SimpleListFilter):
    """Waiting or published; both answered by the index of unpublished rows."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("waiting", "Waiting"), ("published", "Published")]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[OutboxMessage],
    ) -> QuerySet[OutboxMessage]:
        if self.value() is None:
            return queryset
        return queryset.filter(published_at__isnull=self.value() == "waiting")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyModelAdmin):
    list_display = ("position", "type", "stream", "sequence", "occurred_at", "published_at")
    list_filter = (PublishedFilter, "type")
    search_fields = ("=id", "=stream", "=subject", "=correlation_id")
    ordering = ("-position",)
    exclude = ("data",)
    readonly_fields = ("payload",)

    @admin.display(description="Data")
    def payload(self, message: OutboxMessage) -> str:
        text = bytes(message.data).decode("utf-8", "backslashreplace")
        return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', text)


@admin.register(OutboxStream)
class OutboxStreamAdmin(ReadOnlyModelAdmin):
    list_display = ("stream", "last_sequence", "accepting", "blocked_reason")
    list_filter = ("accepting",)
    search_fields = ("=stream",)
    ordering = ("-stream",)
