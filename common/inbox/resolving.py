"""What replaying and discarding share: a dead letter under its locks, and the record of the act."""

from typing import NamedTuple
from uuid import UUID

from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import Arrival, Poison
from common.inbox.cursors import cursors_lock
from common.inbox.errors import LetterResolved, LetterUnknown
from common.inbox.models import DeadLetterAction, InboxWaiting
from common.inbox.placement import Cursor
from common.inbox.records import arrive_again
from common.inbox.wiring import Wiring


class HeldLetter(NamedTuple):
    """
    A dead letter whose rows are locked, decoded with today's code.

    `cursor` is None when nobody can say which stream of ours it belongs to.
    """

    row: InboxWaiting
    item: Arrival | Poison
    cursor: Cursor | None


class Resolution(NamedTuple):
    """What came of an action: a word, and the same for people. `failed` asks for attention."""

    letter_id: int
    result: str
    outcome: str
    failed: bool = False


def letter_hold(*, wiring: Wiring, letter_id: int) -> HeldLetter:
    """
    Lock a dead letter's cursor and then its row, in the caller's transaction.

    Raises `LetterUnknown`, and `LetterResolved` when it is not dead (any more).
    """
    rows = InboxWaiting.objects.filter(consumer=wiring.consumer, pk=letter_id)
    seen = rows.first()
    if seen is None:
        raise LetterUnknown(f"There is no dead letter {letter_id}.")
    item = arrive_again(seen)
    cursor = _cursor_lock(wiring, item)
    row = rows.select_for_update().get()
    if row.state != InboxWaiting.State.DEAD:
        raise LetterResolved(f"{letter_id} is {row.state} already.")
    return HeldLetter(row, item, cursor)


def action_record(
    *,
    wiring: Wiring,
    action: DeadLetterAction.Action,
    actor: str,
    reason: str,
    result: str,
    outcome: str,
    letter_id: int | None = None,
    stream: UUID | None = None,
) -> None:
    """Write down what somebody did, in the transaction that does it."""
    DeadLetterAction.objects.create(
        consumer=wiring.consumer,
        letter_id=letter_id,
        stream=stream,
        action=action,
        actor=actor,
        reason=reason,
        result=result,
        outcome=outcome,
    )


def _cursor_lock(wiring: Wiring, item: Arrival | Poison) -> Cursor | None:
    source = SOURCE_BY_TOPIC[wiring.topic]
    if item.envelope is None or not _is_of_stream(item, wiring.topic):
        return None
    stream = item.envelope.stream
    return cursors_lock(consumer=wiring.consumer, source=source, streams=[stream])[stream]


def _is_of_stream(item: Arrival | Poison, topic: str) -> bool:
    """Whether the record is from its topic's owner, under its stream's key."""
    record, envelope = item.record, item.envelope
    return (
        envelope is not None
        and record.topic == topic
        and envelope.source == SOURCE_BY_TOPIC[topic]
        and record.key == str(envelope.stream).encode()
    )
