"""What the outbox, the inbox and staff's record know of a transaction; every answer is bounded."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.module_loading import import_string

from common.inbox.models import DeadLetterAction, InboxWaiting
from common.inbox.wiring import Wiring
from common.outbox.models import OutboxMessage
from common.staff.models import StaffAction
from common.staff.timeline import Chapter, Fact, Obstacle, RawEvent, Step

EVENTS_MAX = 60
"""Events of one transaction that a page shows; of more, the latest."""

_STUCK_MAX = 5
_LETTERS_MAX = 20
_ACTIONS_MAX = 20
_ERROR_MAX = 300
_STATE = InboxWaiting.State
_UNSETTLED = (_STATE.WAITING, _STATE.DEAD)


class InboxRows(NamedTuple):
    """
    What the inbox keeps that concerns a transaction.

    `stuck` are the first events of its stream that could not be applied, in the order of their
    turns. `letters` were dead letters once; `history` of each is what staff did about it.
    """

    stuck: Sequence[InboxWaiting] = ()
    letters: Sequence[InboxWaiting] = ()

    def distinct(self) -> list[InboxWaiting]:
        """Every row once."""
        return list({row.pk: row for row in (*self.letters, *self.stuck)}.values())


def events_about(subject: UUID) -> list[OutboxMessage]:
    """What this service has said about a transaction and still keeps, in order."""
    # Subjects are found by block ranges. Ordered by the key alone, the database might rather walk
    # through the whole outbox, backwards; no index has `occurred_at`.
    found = OutboxMessage.objects.filter(subject=str(subject)).order_by("-occurred_at", "-position")
    return list(reversed(found[:EVENTS_MAX]))


def inbox_about(*, stream: UUID | None, event_ids: Collection[UUID]) -> InboxRows:
    """Look for what stands in the way of a stream, None for none, and for letters of events."""
    looks = [_letters(event_ids)] if event_ids else []
    if stream is not None:
        looks.append(_stuck(stream))
    if not looks:
        return InboxRows()
    first, *others = looks
    # One question for both; a letter that is still dead may be an answer to either.
    rows = {row.pk: row for row in (first.union(*others, all=True) if others else first)}.values()
    stuck = [row for row in rows if row.stream == stream and row.state in _UNSETTLED]
    return InboxRows(
        stuck=sorted(stuck, key=lambda row: row.sequence or 0),
        letters=[row for row in rows if row.event_id in event_ids],
    )


def _stuck(stream: UUID) -> QuerySet[InboxWaiting]:
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    rows = InboxWaiting.objects.filter(
        consumer=wiring.consumer, stream=stream, sequence__isnull=False, state__in=_UNSETTLED
    )
    return _with_history(rows).order_by("sequence")[:_STUCK_MAX]


def _letters(event_ids: Collection[UUID]) -> QuerySet[InboxWaiting]:
    rows = InboxWaiting.objects.filter(
        event_id__in=event_ids, event_id__isnull=False, attempts__gt=0
    )
    return _with_history(rows).order_by("id")[:_LETTERS_MAX]


def _with_history(rows: QuerySet[InboxWaiting]) -> QuerySet[InboxWaiting]:
    actions = (
        DeadLetterAction.objects.filter(letter=OuterRef("pk"))
        .order_by("id")
        .values(
            told=JSONObject(
                action="action",
                at="at",
                actor="actor",
                reason="reason",
                result="result",
                outcome="outcome",
            )
        )
    )
    return rows.annotate(history=ArraySubquery(actions[:_ACTIONS_MAX]))


def obstacles_of(rows: Sequence[InboxWaiting]) -> Iterator[Obstacle]:
    """Say behind what a stream waits: its first dead letter, or an event that has not come."""
    dead = next((row for row in rows if row.state == _STATE.DEAD), None)
    if dead is not None:
        yield Obstacle(
            title=f"Blocked behind dead letter {dead.pk}",
            says=f"{dead.type or 'An event'}, number {dead.sequence} of the user's stream:"
            f" {dead.error[:_ERROR_MAX]}",
            url=reverse("admin:inbox_inboxwaiting_change", args=[dead.pk]),
        )
    elif rows:
        yield Obstacle(
            title="Waiting for an earlier event",
            says=f"{rows[0].type} is number {rows[0].sequence} of the user's stream, and the one"
            " before it has not come.",
            url=reverse("admin:inbox_inboxwaiting_change", args=[rows[0].pk]),
        )


def letter_steps(letters: Iterable[Any], event_id: UUID | None) -> Iterator[Step]:
    """That an event was a dead letter, and every attempt to end that."""
    for letter in letters:
        if letter.event_id != event_id:
            continue
        yield Step(
            title=f"Became dead letter {letter.pk}",
            at=letter.received_at,
            says=letter.error[:_ERROR_MAX],
            word=letter.state,
            tone="danger" if letter.state == _STATE.DEAD else "warning",
        )
        for act in letter.history:
            yield Step(
                title=f"{act['action'].capitalize()} by {act['actor']}",
                at=datetime.fromisoformat(act["at"]),
                says=f"{act['reason']} → {act['outcome']}",
                word=act["result"],
                tone="info",
            )


def staff_chapter(target: UUID) -> list[Chapter]:
    """What staff did about a transaction in this console, if anything; the latest of it."""
    found = StaffAction.objects.filter(target_id=str(target)).order_by("-id")[:_ACTIONS_MAX]
    steps = [
        Step(
            title=action.action,
            at=action.at,
            says=action.reason,
            facts=[
                Fact(
                    "By",
                    action.actor_email or action.actor_id,
                    reverse("admin:staff_staffaction_change", args=[action.pk]),
                )
            ],
        )
        for action in reversed(found)
    ]
    return [Chapter(title="Staff in this console", steps=steps)] if steps else []


def raw_of_outbox(messages: Iterable[OutboxMessage]) -> Iterator[RawEvent]:
    """Events as they were sent."""
    for message in messages:
        yield RawEvent(title=f"Sent: {message.type}, number {message.sequence}", data=message.data)


def raw_of_inbox(rows: InboxRows) -> Iterator[RawEvent]:
    """Events as they were received, of those that could not be applied at once."""
    for row in rows.distinct():
        yield RawEvent(title=f"Received: {row.type or 'illegible'}, {row.state}", data=row.value)
