"""The inbox as staff see it: what waits for its turn, what is dead, and what was done about it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from common.adminkit import (
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    action,
    display,
    id_shown,
    payload_shown,
    status_display,
    text_visible,
    time_shown,
)
from common.inbox.admin_causes import cause_page, causes_page
from common.inbox.admin_consumers import consumers_page
from common.inbox.admin_runs import resolve_page, run_page
from common.inbox.fork_dialogs import UNFORK
from common.inbox.halt_dialogs import RESUME
from common.inbox.models import ConsumerHalt, DeadLetterAction, InboxWaiting, LetterRun
from common.inbox.selection import with_behind
from common.staff.dialogs import DialogAdmin, detail_dialog
from common.staff.filters import EventTypeFilter
from common.staff.lists import Listing
from common.staff.searching import Searched

_RESOLVING = ("replay", "discard")


class DeadLetterActionInline(ReadOnlyInline):
    model = DeadLetterAction
    fields = readonly_fields = ("at", "action", "actor", "reason", "result", "outcome")
    ordering = ("id",)


@admin.register(InboxWaiting)
class InboxWaitingAdmin(Listing, DialogAdmin):
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
    list_filter = ("state", "error_class", EventTypeFilter)
    searched = Searched(ids=("event_id", "stream"), numbers=("id",))
    search_help_text = "Event or stream id in full; number"
    exported = (
        *("id", "received_at", "state", "error_class", "error", "attempts", "source", "stream"),
        *("sequence", "event_id", "type", "topic", "partition", "offset"),
    )
    ordering = ("-id",)
    empty_says = "Every event that came was applied in its turn, and none was ever dead."
    exclude = ("key", "value", "headers", "error_kind")
    readonly_fields = ("behind", "raw_key", "raw_headers", "raw_value")
    inlines = (DeadLetterActionInline,)
    actions_detail = ("replay", "discard", "unfork")
    unfork = detail_dialog(UNFORK)

    def get_urls(self) -> list[URLPattern]:
        """The pages of dead letters before those of the rows, whose keys could be any word."""
        view = self.admin_site.admin_view
        return [
            path("causes/", view(require_safe(partial(causes_page, self))), name="inbox_causes"),
            path("causes/one/", view(require_safe(partial(cause_page, self))), name="inbox_cause"),
            path("causes/resolve/", view(partial(resolve_page, self)), name="inbox_resolve"),
            path("causes/runs/<int:run_id>/", view(partial(run_page, self)), name="inbox_run"),
            *super().get_urls(),
        ]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to resolve what is dead only."""
        offered = super().get_actions_detail(request, object_id)
        letter = self.get_object(request, unquote(str(object_id)))
        if letter is not None and letter.state == InboxWaiting.State.DEAD:
            return offered
        return [each for each in offered if each.path not in _RESOLVING]

    @action(
        description="Replay…",
        url_path="replay",
        icon="replay",
        permissions=["inbox.replay_deadletter"],
    )
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:  # noqa: ARG002  the theme's
        return _resolve("replay", object_id)

    @action(
        description="Discard…",
        url_path="discard",
        icon="delete_sweep",
        permissions=["inbox.discard_deadletter"],
    )
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:  # noqa: ARG002  the theme's
        return _resolve("discard", object_id)

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


def _resolve(act: str, letter_id: str) -> HttpResponse:
    """Lead to the page that asks about one letter."""
    query = urlencode({"act": act, "id": unquote(letter_id)})
    return HttpResponseRedirect(f"{reverse('admin:inbox_resolve')}?{query}")


@admin.register(DeadLetterAction)
class DeadLetterActionAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("at", "action", "letter_id", "stream", "actor", "result", "shown_reason")
    list_filter = ("action", "result")
    list_select_related = ("letter",)
    searched = Searched(ids=("stream",), numbers=("letter",))
    search_help_text = "A stream's id, in full; the number of a letter"
    exported = (
        *("id", "at", "action", "letter_id", "stream", "actor", "reason", "result", "outcome"),
    )
    ordering = ("-id",)
    empty_says = "Nobody had to do anything about dead letters, forks or halts so far."

    @display(description="Reason")
    def shown_reason(self, row: DeadLetterAction) -> str:
        return text_visible(row.reason)


@admin.register(ConsumerHalt)
class ConsumerHaltAdmin(DialogAdmin):
    list_display = ("consumer", "halted_at", "reason", "resumed_at", "resumed_by")
    ordering = ("-id",)
    empty_says = "The consumer was never halted: so much has never failed at a time."
    actions_detail = ("resume_consumer",)
    resume_consumer = detail_dialog(RESUME)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(partial(consumers_page, self)))
        return [path("consumers/", view, name="inbox_consumers"), *super().get_urls()]


@admin.register(LetterRun)
class LetterRunAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("begun", "page", "tried", "shown_state", "actor_email", "shown_reason")
    list_display_links = None
    list_filter = ("act",)
    exported = ("id", "begun_at", "act", "done", "actor_email", "reason", "finished_at")
    ordering = ("-id",)
    empty_says = (
        "Nobody has replayed or discarded letters here yet. The page “Dead letters” offers it."
    )
    exclude = ("letter_ids", "key", "claimed_until")

    @display(description="Begun")
    def begun(self, run: LetterRun) -> SafeString:
        return time_shown(run.begun_at)

    @display(description="What")
    def page(self, run: LetterRun) -> SafeString:
        return format_html(
            '<a class="underline" href="{}">{}</a>',
            reverse("admin:inbox_run", args=[run.pk]),
            run.get_act_display(),
        )

    @display(description="Tried")
    def tried(self, run: LetterRun) -> str:
        return f"{run.done:,} of {len(run.letter_ids):,}"

    @status_display(description="State")
    def shown_state(self, run: LetterRun) -> str:
        if run.finished_at is None:
            return "under way"
        return "stopped" if run.done < len(run.letter_ids) else "done"

    @display(description="Reason")
    def shown_reason(self, run: LetterRun) -> str:
        return text_visible(run.reason)
