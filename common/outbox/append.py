"""
Step 1 of the road: append events to the outbox in the caller's transaction.

The row is the promise; the hook after COMMIT only wakes the publisher early and may be lost
without harm.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from common.db.arrays import array_of
from common.db.copying import NewRows, bytea_of_text, rows_copy
from common.events.codec import event_encode
from common.events.contracts import Event
from common.ids import uuid7, uuid7_many
from common.outbox import publisher
from common.outbox.errors import StreamNotAccepting

COLUMNS = (
    *("id", "topic", "stream", "sequence", "type", "subject", "occurred_at"),
    *("correlation_id", "causation_id", "actor", "traceparent", "data"),
)
"""What `row_of` gives: all that whoever appends a message writes of it."""

_INSERT = f"""
WITH head AS (UPDATE outbox_stream SET last_event_id = %s WHERE stream = %s)
INSERT INTO outbox_message ({", ".join(COLUMNS)})
VALUES ({", ".join(["%s"] * len(COLUMNS))})
"""  # noqa: S608  names of columns of ours


_PARAMETER = re.compile(r"%\((\w+)\)s")
_STORED = f"""INSERT INTO outbox_message ({", ".join(COLUMNS)})
    SELECT %(event_id)s::uuid, %(topic)s, %(stream)s::uuid, sequence, %(type)s, %(subject)s,
        taken_at, %(correlation_id)s, %(causation_id)s, %(actor)s, %(traceparent)s,
        convert_to({{data}}, 'UTF8')
    FROM taken"""  # noqa: S608  names of columns of ours


class NewEvent(NamedTuple):
    """
    An event to append and what its envelope says.

    `stream` is the user it concerns. `actor` is `user:<id>`, `staff:<id>` or `system:<name>`.
    `causation_id` is the id of the event that led to this one, None for a client's request.
    """

    stream: UUID
    event: Event
    occurred_at: datetime
    actor: str
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


class Slot(NamedTuple):
    """A taken place in a stream, and the database's clock read after its lock was held."""

    sequence: int
    taken_at: datetime


class Place(NamedTuple):
    """A place in a stream that is taken for an event: its id and its sequence."""

    event_id: UUID
    stream: UUID
    sequence: int


class Held(NamedTuple):
    """A locked stream: whether it takes new requests, and the clock read after it was locked."""

    accepting: bool
    held_at: datetime


def stream_open(*, stream: UUID, accepting: bool) -> None:
    """
    Begin a stream at sequence 0 in the caller's transaction.

    Raises `IntegrityError` when it exists: a user is registered once.
    """
    _assert_in_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_stream (stream, last_sequence, accepting, blocked_reason)"
            " VALUES (%s, 0, %s, '')",
            [stream, accepting],
        )


def stream_accepting_set(*, stream: UUID, accepting: bool) -> None:
    """Let a stream take new requests or not, from this transaction's COMMIT on."""
    _assert_in_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_stream SET accepting = %s WHERE stream = %s", [accepting, stream]
        )


def stream_accepts(*, stream: UUID) -> bool:
    """Whether a stream takes new requests at the moment; without its lock, to explain a refusal."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accepting FROM outbox_stream WHERE stream = %s", [stream])
        return cursor.fetchone() == (True,)


def streams_hold(*, streams: Collection[UUID]) -> dict[UUID, Held]:
    """
    Lock those of the streams that exist, in sorted order, until the caller's transaction ends.

    No number is taken: what is refused under these locks uses none up.
    """
    _assert_in_transaction()
    with connection.cursor() as cursor:
        # Each row is locked when it is fetched, and the clock read then.
        cursor.execute(
            """
            WITH held AS MATERIALIZED (
                SELECT stream, accepting FROM outbox_stream WHERE stream = ANY(%s::uuid[])
                ORDER BY stream FOR NO KEY UPDATE
            )
            SELECT stream, accepting, clock_timestamp() FROM held
            """,
            [array_of(sorted(streams))],
        )
        return {stream: Held(accepting, at) for stream, accepting, at in cursor.fetchall()}


def stream_take(*, stream: UUID) -> Slot:
    """
    Take the next sequence of a stream; its row stays locked until the caller commits.

    Call it only after the idempotency key was claimed: a number that is taken must be used.

    Raises:
        StreamNotAccepting: there is no such stream; nothing was used.
    """
    _assert_in_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_stream SET last_sequence = last_sequence + 1 WHERE stream = %s"
            " RETURNING last_sequence, clock_timestamp()",
            [stream],
        )
        row = cursor.fetchone()
    if row is None:
        raise StreamNotAccepting
    return Slot(*row)


def append_statement(*, condition: str, effect: str, data: str) -> str:
    """
    The statement that appends an event to an accepting stream together with what makes it true.

    All or nothing, in one round trip: nothing happens unless `condition` holds. `effect` is a
    statement, `data` the text of the event; both may use `sequence` and `taken_at`, read under the
    stream's lock, FROM `taken`. The result is `taken_at`, or no row. Its parameters are those of
    `append_parameters` and whatever the caller's parts need; afterwards call `publisher_wake`.
    """
    # Whether a stream accepts stands in the UPDATE itself: only the row that it locks is looked
    # at again when somebody else has held the lock. Everything else is of the snapshot before.
    return f"""
WITH taken AS (
    UPDATE outbox_stream SET last_sequence = last_sequence + 1, last_event_id = %(event_id)s::uuid
    WHERE stream = %(stream)s::uuid AND accepting AND {condition}
    RETURNING last_sequence AS sequence, clock_timestamp() AS taken_at
), effect AS (
    {effect}
), stored AS (
    {_STORED.format(data=data)}
)
SELECT taken_at FROM taken
"""  # noqa: S608  the parts are constants of the modules that accept


def append_together_statement(*, condition: str, effect: str, data: str) -> str:
    """
    The statement that does for many events what `append_statement` does for one, of the same parts.

    Its parameter `asked` is a JSON array of objects: the parameters of each event, as texts. The
    result has `event_id` and `taken_at` of those that were appended. The others have to go alone:
    those whose condition does not hold, whose stream somebody else has locked, and all but one of
    a stream. A rule of the database that is broken by one breaks all.
    """
    stored = _STORED.format(data=data)
    names = dict.fromkeys(_PARAMETER.findall(f"{condition} {effect} {stored}"))
    columns = ", ".join(f"{name} text" for name in names)
    # Nobody waits for a lock here, so none is taken in a wrong order either; and a stream that
    # is locked by now is read as it was committed last.
    return f"""
WITH asked AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(asked)s::json) AS each ({columns})
), held AS MATERIALIZED (
    SELECT event_id FROM asked CROSS JOIN LATERAL (
        SELECT FROM outbox_stream WHERE outbox_stream.stream = asked.stream::uuid AND accepting
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS locked
), taken AS (
    UPDATE outbox_stream
    SET last_sequence = last_sequence + 1, last_event_id = asked.event_id::uuid
    FROM asked JOIN held USING (event_id)
    WHERE outbox_stream.stream = asked.stream::uuid AND {_of_row("asked", condition)}
    RETURNING asked.*, last_sequence AS sequence, clock_timestamp() AS taken_at
), effect AS (
    {_of_row("taken", effect)}
), stored AS (
    {_of_row("taken", stored)}
)
SELECT event_id::uuid, taken_at FROM taken
"""  # noqa: S608  the parts are constants of the modules that accept


def _of_row(name: str, part: str) -> str:
    """A part of a statement whose parameters are columns of a row."""
    return _PARAMETER.sub(rf"{name}.\1", part)


def append_parameters(event: NewEvent) -> dict[str, str | None]:
    """What `append_statement` says of an event, all but its data and its times."""
    return {
        "event_id": str(uuid7()),
        "topic": settings.OUTBOX_TOPIC,
        "stream": str(event.stream),
        "type": event.event.TYPE,
        "subject": str(event.event.subject),
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "actor": event.actor,
        "traceparent": event.traceparent,
    }


def outbox_append(*, event: NewEvent, slot: Slot | None = None) -> UUID:
    """
    Store one event with the next sequence of its stream and return its id (`ce_id`).

    `slot` is a sequence that `stream_take` took in this transaction; without it one is taken
    here, regardless of whether the stream takes new requests.

    Raises:
        TransactionManagementError: there is no transaction to share the fate of.
        EventTooLarge: the data is over 16 KiB.
        StreamNotAccepting: there is no such stream.
    """
    slot = slot or stream_take(stream=event.stream)
    return _store(event, slot.sequence)


def outbox_append_many(*, events: Sequence[NewEvent]) -> list[UUID]:
    """
    Store many events of many streams, numbered per stream in the order given.

    Streams are locked in sorted order and begun where they do not exist. Raises as
    `outbox_append`.
    """
    places = outbox_places_take(streams=[event.stream for event in events])
    if events:
        _store_many(places, events)
    return [place.event_id for place in places]


def outbox_places_take(*, streams: Sequence[UUID]) -> list[Place]:
    """
    Take the next place of a stream for each event to come, in the order given.

    A place that is taken must be used: write `outbox_messages` in the same transaction. Streams
    are locked in sorted order and begun where they do not exist.
    """
    if not streams:
        return []
    _assert_in_transaction()
    event_ids = uuid7_many(len(streams))
    next_sequence = _streams_take(
        Counter(streams), heads=dict(zip(streams, event_ids, strict=True))
    )
    places = []
    for event_id, stream in zip(event_ids, streams, strict=True):
        places.append(Place(event_id, stream, next_sequence[stream]))
        next_sequence[stream] += 1
    return places


def outbox_messages(*, places: Sequence[Place], events: Iterable[NewEvent]) -> NewRows:
    """
    The rows of events that have their places, to write in the transaction that took these.

    Events are taken one by one, when their rows are made. Raises `EventTooLarge` then, and
    `ValueError` when an event and its place differ. Afterwards call `publisher_wake`.
    """
    return NewRows("outbox_message", COLUMNS, _message_rows(places, events))


def _streams_take(counts: Counter[UUID], *, heads: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """Advance each stream by its count to its last event; the first number taken, by stream."""
    streams = sorted(counts)
    with connection.cursor() as cursor:
        # Rows are inserted, and so locked, in the order of the array.
        cursor.execute(
            """
            INSERT INTO outbox_stream AS known
                (stream, last_sequence, last_event_id, accepting, blocked_reason)
            SELECT stream, taken, head, true, ''
            FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[]) AS new (stream, taken, head)
            ON CONFLICT (stream) DO UPDATE
            SET last_sequence = known.last_sequence + excluded.last_sequence,
                last_event_id = excluded.last_event_id
            RETURNING stream, last_sequence
            """,
            [
                array_of(streams),
                array_of([counts[stream] for stream in streams]),
                array_of([heads[stream] for stream in streams]),
            ],
        )
        return {stream: last - counts[stream] + 1 for stream, last in cursor.fetchall()}


def _store(event: NewEvent, sequence: int) -> UUID:
    event_id = uuid7()
    row = row_of(event_id, event, sequence)
    with connection.cursor() as cursor:
        # One statement for the row and for its stream's head: clients wait for it.
        cursor.execute(_INSERT, [event_id, event.stream, *row])
    publisher_wake()
    return event_id


def _store_many(places: Sequence[Place], events: Sequence[NewEvent]) -> None:
    rows_copy(*outbox_messages(places=places, events=events))
    publisher_wake()


def _message_rows(places: Sequence[Place], events: Iterable[NewEvent]) -> Iterator[tuple[Any, ...]]:
    for place, event in zip(places, events, strict=True):
        if event.stream != place.stream:
            raise ValueError("an event is not of the stream that its place is in")
        row = row_of(place.event_id, event, place.sequence)
        yield (*row[:-1], bytea_of_text(row[-1]))


def publisher_wake() -> None:
    """Wake the publisher after the caller's COMMIT, or now if that has been."""
    transaction.on_commit(publisher.wake, robust=True)


def row_of(event_id: UUID, new: NewEvent, sequence: int) -> tuple[Any, ...]:
    """A new row, in the order of `COLUMNS`. Raises `EventTooLarge`."""
    return (
        event_id,
        settings.OUTBOX_TOPIC,
        new.stream,
        sequence,
        new.event.TYPE,
        str(new.event.subject),
        new.occurred_at,
        new.correlation_id,
        new.causation_id,
        new.actor,
        new.traceparent,
        event_encode(new.event),
    )


def _assert_in_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "an event is appended in the transaction that makes it true"
        )
