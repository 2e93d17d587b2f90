"""The tables of the outbox, and what stands for their statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from common.events.codec import event_encode
from common.outbox.append import NewEvent, Place, Slot
from common.outbox.errors import StreamNotAccepting
from tests.simulation.clock import now
from tests.simulation.database import Database, Transaction, autocommit, statement
from tests.simulation.places import numbered_id
from tests.simulation.scheduler import here, scheduler

STREAMS = "outbox_stream"
MESSAGES = "outbox_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A row of `outbox_stream`."""

    last_sequence: int = 0
    last_event_id: UUID | None = None
    accepting: bool = True
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A row of `outbox_message`."""

    position: int
    id: UUID
    topic: str
    stream: UUID
    sequence: int
    type: str
    subject: str
    occurred_at: datetime
    correlation_id: str
    causation_id: str | None
    actor: str
    traceparent: str | None
    data: bytes
    published_at: float | None = None
    partition: int | None = None
    offset: int | None = None


class FakeConnection:
    """Stands where appending asks whether there is a transaction."""

    @property
    def in_atomic_block(self) -> bool:
        return here().transaction is not None


class FakeWake:
    """Stands for the module `publisher` where something was appended."""

    @staticmethod
    def wake() -> None:
        for event in here().side.wakes:
            event.set()


def stream_accepts(*, stream: UUID) -> bool:
    scheduler().step(f"ask whether {stream.int} accepts")
    with autocommit(here().side.database) as opened:
        known = opened.read(STREAMS, stream)
        return known is not None and known.accepting


def stream_take_accepting(*, stream: UUID) -> Slot:
    """Take a number for a new request."""
    return stream_take(stream=stream, accepting=True)


def stream_take(*, stream: UUID, accepting: bool = False) -> Slot:
    opened = statement(f"take a number of {stream.int}")
    opened.lock(STREAMS, stream)
    known = opened.read(STREAMS, stream)
    if known is None or (accepting and not known.accepting):
        raise StreamNotAccepting
    taken = replace(known, last_sequence=known.last_sequence + 1)
    opened.write(STREAMS, stream, taken)
    return Slot(taken.last_sequence, now())


def streams_take(counts: Counter[UUID], *, heads: Mapping[UUID, UUID]) -> dict[UUID, int]:
    opened = statement("take numbers")
    first = {}
    for stream in sorted(counts):
        opened.lock(STREAMS, stream)
        known = opened.read(STREAMS, stream) or Stream()
        first[stream] = known.last_sequence + 1
        taken = replace(known, last_sequence=known.last_sequence + counts[stream])
        opened.write(STREAMS, stream, taken)
    return first


def stream_accepting_set(*, stream: UUID, accepting: bool) -> None:
    opened = statement("open or close a stream")
    opened.lock(STREAMS, stream)
    known = opened.read(STREAMS, stream) or Stream()
    opened.write(STREAMS, stream, replace(known, accepting=accepting))


def messages_store(places: Sequence[Place], events: Sequence[NewEvent]) -> None:
    opened = statement("store events")
    for place, event in zip(places, events, strict=True):
        _message_store(opened, event, place.sequence)


def message_store(event: NewEvent, sequence: int) -> UUID:
    return _message_store(statement("store an event"), event, sequence)


def _message_store(opened: Transaction, event: NewEvent, sequence: int) -> UUID:
    row = _message(opened.database, event, sequence)  # a run is the same again: ids are drawn here
    scheduler().note(f"event {sequence} of {event.stream.int} has position {row.position}")
    opened.write(MESSAGES, row.position, row)
    head = replace(opened.read(STREAMS, event.stream), last_event_id=row.id)
    opened.write(STREAMS, event.stream, head)
    opened.hooks.append(FakeWake.wake)
    return row.id


def _message(database: Database, new: NewEvent, sequence: int) -> Message:
    position = database.draw(MESSAGES)
    return Message(
        position=position,
        id=numbered_id(position),
        topic=here().side.topic,
        stream=new.stream,
        sequence=sequence,
        type=new.event.TYPE,
        subject=str(new.event.subject),
        occurred_at=new.occurred_at,
        correlation_id=new.correlation_id,
        causation_id=new.causation_id,
        actor=new.actor,
        traceparent=new.traceparent,
        data=event_encode(new.event),
    )
