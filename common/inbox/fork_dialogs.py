"""The dialog by which staff let a forked stream go on."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.conduct import Conduct, late_after
from common.inbox.errors import NotForked
from common.inbox.models import InboxCursor, InboxWaiting
from common.inbox.releasing import stream_unfork
from common.inbox.wiring import Wiring
from common.staff.dialogs import Ask, Dialog

_WITHIN_S = 2.0
"""How long a page applies what waits; a consumer finds the rest within a minute."""


def _unfork(letter: InboxWaiting, ask: Ask) -> str:
    if letter.stream is None:  # what has no stream forks none
        raise NotForked
    report = stream_unfork(
        wiring=import_string(settings.EVENT_WIRING),
        stream=letter.stream,
        actor=ask.staff.actor,
        reason=ask.reason,
        conduct=Conduct(durable=False, late=late_after(_WITHIN_S)),
    )
    dead = f" and dead: {report.dead:,}" if report.dead else ""
    return f"Stream {letter.stream} goes on; events that were applied: {report.applied:,}{dead}."


def _tells(letter: InboxWaiting) -> list[str]:
    cursor = _cursor_of(letter)
    if cursor is None:
        return ["Its stream is not forked."]
    producer = settings.PEER["NAME"]
    return [
        f"This event claims number {letter.sequence} of stream {letter.stream}, which is taken.",
        f"The stream goes on behind number {cursor.last_sequence} ({cursor.last_event_id}).",
        "What waits in it is applied; this letter stays dead until you discard it.",
        f"First make sure that {producer} goes on behind that number (`outbox_resume` there).",
        "If it does not, the stream forks again, or waits for good.",
    ]


def _state(letter: InboxWaiting) -> dict[str, Any]:
    return {"stream": str(letter.stream), "forked": _cursor_of(letter) is not None}


def _cursor_of(letter: InboxWaiting) -> InboxCursor | None:
    """The cursor of a letter's stream, if that is forked."""
    if letter.stream is None:
        return None
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    return InboxCursor.objects.filter(
        consumer=wiring.consumer,
        source=SOURCE_BY_TOPIC[wiring.topic],
        stream=letter.stream,
        forked_at__isnull=False,
    ).first()


def _fits(letter: InboxWaiting) -> bool:
    forked = letter.error_class == InboxWaiting.ErrorClass.FORKED
    return forked and _cursor_of(letter) is not None


UNFORK = Dialog[InboxWaiting](
    action="stream.unfork",
    label="Unfork the stream",
    permission="inbox.unfork_stream",
    tells=_tells,
    act=_unfork,
    state=_state,
    fits=_fits,
    icon="call_merge",
    dangerous=True,
    rehearsed=True,
)
"""For the page of a letter that forked its stream."""
