"""A dead letter is given up: its stream moves on without it, and what that implies is written."""

from django.db import transaction

from common.events.contracts import Event
from common.events.envelope import Envelope
from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import Arrival, Poison, published_at
from common.inbox.conduct import PLAIN, Conduct
from common.inbox.cursors import cursors_save
from common.inbox.dead import dead_store
from common.inbox.errors import DiscardRefused
from common.inbox.isolate import batch_isolate
from common.inbox.models import DeadLetterAction, InboxWaiting
from common.inbox.placement import Cursor
from common.inbox.records import arrive_again
from common.inbox.resolving import HeldLetter, Resolution, action_record, letter_hold
from common.inbox.waiting import PLACE_TAKEN, waiting_settle
from common.inbox.wiring import Discarded, Wiring

_RUBBISH = "rubbish: its stream waits on for the real event"
_LATE = "its place was applied already; nothing else changes"
_SKIPPED = "its stream moves on without it"


def dead_letter_discard(
    *,
    wiring: Wiring,
    letter_id: int,
    actor: str,
    reason: str,
    rubbish: bool = False,
    conduct: Conduct = PLAIN,
) -> Resolution:
    """
    Give a dead letter up, in one transaction with what that implies; its row stays as evidence.

    In its turn it takes its place: the cursor moves past it, the service writes what its
    `discards` say, and what waits behind it is applied in further transactions. With `rubbish`
    it is a record that is not the real event of its place: only the row changes.

    Raises:
        LetterUnknown: there is no such letter.
        LetterResolved: it is not dead any more.
        DiscardRefused: an earlier event is missing, the record is not one of a stream of ours,
            another letter may be the real event of the place, or the service says that somebody
            still waits for what it brings.
    """
    announced = None if rubbish else _announced(wiring, letter_id)
    with transaction.atomic(durable=conduct.durable):
        held = letter_hold(wiring=wiring, letter_id=letter_id)
        outcome = _RUBBISH if rubbish else _take_place(wiring, held, actor, announced)
        result = InboxWaiting.State.DISCARDED
        InboxWaiting.objects.filter(pk=letter_id).update(state=result)
        action_record(
            wiring=wiring,
            action=DeadLetterAction.Action.DISCARD,
            actor=actor,
            reason=reason,
            result=result,
            outcome=outcome,
            letter_id=letter_id,
            stream=held.cursor.stream if held.cursor else None,
        )
    # In transactions of their own: accounts are locked before streams of the outbox, and the
    # latter are locked by what the discard announced.
    if outcome is _SKIPPED and held.cursor is not None:
        batch_isolate(wiring, [], due=[held.cursor.stream], conduct=conduct)
    return Resolution(letter_id, result, outcome)


def _announced(wiring: Wiring, letter_id: int) -> Event | None:
    """What its producer says of an illegible event that takes its data to be discarded."""
    letter = InboxWaiting.objects.filter(
        consumer=wiring.consumer, pk=letter_id, state=InboxWaiting.State.DEAD
    ).first()
    item = None if letter is None else arrive_again(letter)
    if not isinstance(item, Poison) or item.envelope is None:
        return None
    ask = wiring.announced.get(item.envelope.type.rpartition(".v")[0])
    return None if ask is None else ask(item.envelope)


def _take_place(wiring: Wiring, held: HeldLetter, actor: str, announced: Event | None) -> str:
    envelope, cursor = held.item.envelope, held.cursor
    if envelope is None or cursor is None:
        raise DiscardRefused("It is no event of a stream of ours: --rubbish gives it up.")
    if envelope.sequence <= cursor.last_sequence:
        return _LATE
    _check_turn(envelope, cursor)
    _check_rivals(wiring, envelope)
    batch = wiring.open_batch()
    discard = wiring.discards.get(envelope.type.rpartition(".v")[0])
    if discard is not None:
        discard(_discarded(held, envelope, actor, announced), batch)
    batch.write()
    _advance(wiring, held, envelope, cursor)
    return _SKIPPED


def _check_turn(envelope: Envelope, cursor: Cursor) -> None:
    if cursor.forked:
        raise DiscardRefused("Its stream is forked: unfork it first.")
    if envelope.sequence > cursor.last_sequence + 1:
        raise DiscardRefused(
            f"It is number {envelope.sequence} of its stream, and number"
            f" {cursor.last_sequence + 1} is missing: that one must come, or go, first."
        )


def _check_rivals(wiring: Wiring, envelope: Envelope) -> None:
    """Refuse while another letter may be the real event of the place: it would be lost."""
    claimants = InboxWaiting.objects.filter(
        consumer=wiring.consumer,
        source=envelope.source,
        stream=envelope.stream,
        sequence=envelope.sequence,
        state=InboxWaiting.State.DEAD,
    ).exclude(event_id=envelope.id)
    rivals = [str(row.pk) for row in claimants if isinstance(arrive_again(row), Arrival)]
    if rivals:
        raise DiscardRefused(
            f"Letter {', '.join(rivals)} claims the same place: first give up with --rubbish"
            " what is not the real event."
        )


def _discarded(
    held: HeldLetter, envelope: Envelope, actor: str, announced: Event | None
) -> Discarded:
    item = held.item
    return Discarded(
        envelope=envelope,
        event=item.event if isinstance(item, Arrival) else announced,
        partition=item.record.partition,
        offset=item.record.offset,
        published_at=published_at(item),
        consumed_at=item.consumed_at,
        actor=actor,
    )


def _advance(wiring: Wiring, held: HeldLetter, envelope: Envelope, cursor: Cursor) -> None:
    consumer, source = wiring.consumer, SOURCE_BY_TOPIC[wiring.topic]
    # Its own row must not count as another claimant of the place.
    InboxWaiting.objects.filter(pk=held.row.pk).update(state=InboxWaiting.State.DISCARDED)
    cursor.advance(envelope)
    cursors_save(consumer=consumer, source=source, cursors=[cursor])
    rivals = waiting_settle(consumer=consumer, source=source, applied=[envelope])
    dead_store(
        consumer=consumer,
        dead=rivals,
        error_class=InboxWaiting.ErrorClass.FORKED,
        error=PLACE_TAKEN,
    )
