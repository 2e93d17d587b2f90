"""How far the other service has come in our streams, as staff see it."""

from django.contrib import admin
from django.utils.safestring import SafeString

from common.adminkit import ReadOnlyModelAdmin, display, id_shown, status_display, time_shown
from common.reconciliation.models import PeerCursor
from common.staff.lists import Listing
from common.staff.searching import Searched


@admin.register(PeerCursor)
class PeerCursorAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("shown", "sequence", "shown_verdict", "seen")
    list_filter = ("verdict",)
    searched = Searched(ids=("stream",))
    search_help_text = "The id of a stream, in full."
    exported = ("stream", "sequence", "event_id", "verdict", "seen_at")
    ordering = ("-stream",)
    empty_says = (
        "Housekeeping asks the other service once a minute how far it has come, and has not yet."
    )

    @display(description="Stream")
    def shown(self, cursor: PeerCursor) -> SafeString:
        return id_shown(cursor.stream)

    @status_display(description="Verdict")
    def shown_verdict(self, cursor: PeerCursor) -> str:
        return cursor.verdict

    @display(description="Asked")
    def seen(self, cursor: PeerCursor) -> SafeString:
        return time_shown(cursor.seen_at)
