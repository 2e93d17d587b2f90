"""The inbox as staff see it: what waits for its turn, what is dead, and what was done about it."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from common.adminkit import (
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    display,
    id_shown,
    payload_shown,
    status_display,
    text_visible,
    time_shown,
)
from common.inbox.admin_causes import cause_page, causes_page
from common.inbox.admin_consumers import consumers_page
from common.inbox.models import ConsumerHalt, DeadLetterAction, InboxWaiting
from common.inbox.selection import with_behind


class DeadLetterActionInline(ReadOnlyInline):
    model = DeadLetterAction
    fields = readonly_fields = ("at", "action", "actor", "reason", "result", "outcome")
    ordering = ("id",)


@admin.register(InboxWaiting)
class InboxWaitingAdmin(ReadOnlyModelAdmin):
    list_display = (
        "received",
        "shown_state",
        "error_class",
        "type",
        "stream_id",
        "sequence",
        "behind",
        "why",
    )
    list_filter = ("state", "error_class", "type")
    id_fields = ("event_id", "stream")
    search_help_text = "Event or stream id, in full."
    ordering = ("-id",)
    exclude = ("key", "value", "headers", "error_kind")
    readonly_fields = ("behind", "raw_key", "raw_headers", "raw_value")
    inlines = (DeadLetterActionInline,)

    def get_urls(self) -> list[URLPattern]:
        """The pages of dead letters before those of the rows, whose keys could be any word."""
        view = self.admin_site.admin_view
        return [
            path("causes/", view(require_safe(partial(causes_page, self))), name="inbox_causes"),
            path("causes/one/", view(require_safe(partial(cause_page, self))), name="inbox_cause"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxWaiting]:
        return with_behind(super().get_queryset(request))

    @display(description="Wait behind it")
    def behind(self, row: Any) -> int:
        return int(row.behind)

    @display(description="Received")
    def received(self, row: InboxWaiting) -> SafeString:
        return time_shown(row.received_at)

    @status_display(description="State", ordering="state")
    def shown_state(self, row: InboxWaiting) -> str:
        return str(row.state)

    @display(description="Stream")
    def stream_id(self, row: InboxWaiting) -> SafeString:
        return id_shown(row.stream)

    @display(description="Error")
    def why(self, row: InboxWaiting) -> str:
        return text_visible(row.error)

    @display(description="Key")
    def raw_key(self, row: InboxWaiting) -> SafeString:
        return payload_shown(row.key)

    @display(description="Headers")
    def raw_headers(self, row: InboxWaiting) -> SafeString:
        return payload_shown(row.headers)

    @display(description="Data")
    def raw_value(self, row: InboxWaiting) -> SafeString:
        return payload_shown(row.value)


@admin.register(DeadLetterAction)
class DeadLetterActionAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "action", "letter_id", "stream", "actor", "result", "shown_reason")
    list_filter = ("action", "result")
    list_select_related = ("letter",)
    id_fields = ("stream",)
    ordering = ("-id",)

    @display(description="Reason")
    def shown_reason(self, row: DeadLetterAction) -> str:
        return text_visible(row.reason)


@admin.register(ConsumerHalt)
class ConsumerHaltAdmin(ReadOnlyModelAdmin):
    list_display = ("consumer", "halted_at", "reason", "resumed_at", "resumed_by")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(partial(consumers_page, self)))
        return [path("consumers/", view, name="inbox_consumers"), *super().get_urls()]
