"""The inbox as staff see it: what waits for its turn, and what is dead."""

from django.contrib import admin
from django.utils.safestring import SafeString

from common.adminkit import (
    ReadOnlyModelAdmin,
    display,
    id_shown,
    payload_shown,
    status_display,
    text_visible,
    time_shown,
)
from common.inbox.models import InboxWaiting


@admin.register(InboxWaiting)
class InboxWaitingAdmin(ReadOnlyModelAdmin):
    list_display = (
        "received",
        "shown_state",
        "error_class",
        "type",
        "stream_id",
        "sequence",
        "why",
    )
    list_filter = ("state", "error_class", "type")
    id_fields = ("event_id", "stream")
    search_help_text = "Event or stream id, in full."
    ordering = ("-id",)
    exclude = ("key", "value", "headers")
    readonly_fields = ("raw_key", "raw_headers", "raw_value")

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
