"""The inbox as staff see it: what waits for its turn, and what is dead."""

from django.contrib import admin
from django.utils.html import format_html

from common.adminkit import ReadOnlyModelAdmin
from common.inbox.models import InboxWaiting


@admin.register(InboxWaiting)
class InboxWaitingAdmin(ReadOnlyModelAdmin):
    list_display = ("received_at", "state", "error_class", "type", "stream", "sequence", "error")
    list_filter = ("state", "error_class", "type")
    search_fields = ("=event_id", "=stream")
    ordering = ("-id",)
    exclude = ("key", "value", "headers")
    readonly_fields = ("raw_key", "raw_headers", "raw_value")

    @admin.display(description="Key")
    def raw_key(self, row: InboxWaiting) -> str:
        return _shown(row.key)

    @admin.display(description="Headers")
    def raw_headers(self, row: InboxWaiting) -> str:
        return _shown(row.headers)

    @admin.display(description="Data")
    def raw_value(self, row: InboxWaiting) -> str:
        return _shown(row.value)


def _shown(raw: bytes | memoryview | None) -> str:
    """Bytes as text for people: escaped, and never interpreted."""
    if raw is None:
        return "(none)"
    text = bytes(raw).decode("utf-8", "backslashreplace")
    visible = "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
    return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', visible)
