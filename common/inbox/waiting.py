"""Step 8 of the road: the rows of what waits and of what is dead."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from common.inbox.arrival import Arrival, Poison, arrive
from common.inbox.models import InboxWaiting
from common.inbox.placement import Cursor
from common.kafka.broker import Record

LOAD_MAX = 1000
"""Waiting rows that one transaction takes up again; more come in the next."""

_REASON_MAX = 2000

PLACE_TAKEN = "another event claims this sequence, and came first"
"""Why a claimant of an applied place is a dead letter."""

_Headers = list[tuple[str, bytes | None]]


def waiting_load(
    *, consumer: str, source: str, streams: Collection[UUID]
) -> list[Arrival | Poison]:
    """Read what waits in these streams, nearest to its turn first; their cursors are locked."""
    if not streams:
        return []
    rows = InboxWaiting.objects.filter(
        consumer=consumer,
        source=source,
        stream__in=streams,
        state=InboxWaiting.State.WAITING,
    ).order_by("sequence", "id")[:LOAD_MAX]
    return [arrive(_record(row), consumed_at=row.received_at, row_id=row.pk) for row in rows]


def waiting_first(*, consumer: str, source: str, stream: UUID) -> Arrival | Poison | None:
    """Read only the event that is next to its turn in a stream."""
    row = (
        InboxWaiting.objects.filter(
            consumer=consumer, source=source, stream=stream, state=InboxWaiting.State.WAITING
        )
        .order_by("sequence", "id")
        .first()
    )
    return None if row is None else arrive(_record(row), consumed_at=row.received_at, row_id=row.pk)


def waiting_store(*, consumer: str, arrivals: Sequence[Arrival]) -> None:
    """Keep early events until their turn; one that is kept already stays as it is."""
    _insert(
        [
            _row(consumer, arrival, state=InboxWaiting.State.WAITING)
            for arrival in arrivals
            if arrival.row_id is None
        ]
    )


def dead_store(
    *,
    consumer: str,
    dead: Sequence[Arrival | Poison],
    error_class: InboxWaiting.ErrorClass,
    error: str = "",
    attempts: int = 1,
) -> None:
    """
    Keep what cannot be applied, exactly once each, with its bytes and the reason.

    A row that waited becomes a dead one in place. `error` is for arrivals; a poison carries
    its own reason.
    """
    rows = []
    for item in dead:
        reason = _storable(item.reason if isinstance(item, Poison) else error)
        if item.row_id is not None:
            _bury(item.row_id, error_class, reason, attempts)
        else:
            rows.append(
                _row(
                    consumer,
                    item,
                    state=InboxWaiting.State.DEAD,
                    error_class=error_class,
                    error=reason,
                    attempts=attempts,
                )
            )
    _insert(rows)


def waiting_settle(*, consumer: str, source: str, applied: Sequence[Arrival]) -> None:
    """
    Forget the waiting rows of applied events, and settle other claimants of their places.

    The row of an event goes even if the event was applied from Kafka and not from its row. A
    valid event is applied even if a dead letter claims its slot; the letter stays to be seen.
    Another event that waited for the place has lost it for good.
    """
    if not applied:
        return
    envelopes = [arrival.envelope for arrival in applied]
    streams, sequences = [e.stream for e in envelopes], [e.sequence for e in envelopes]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM inbox_waiting AS kept
            USING unnest(%s::uuid[], %s::bigint[], %s::uuid[]) AS done (stream, sequence, id)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state = 'waiting'
                AND kept.stream = done.stream AND kept.sequence = done.sequence
                AND kept.event_id = done.id
            """,
            [streams, sequences, [e.id for e in envelopes], consumer, source],
        )
        cursor.execute(
            """
            UPDATE inbox_waiting AS kept
            SET state = CASE kept.state WHEN 'dead' THEN 'superseded' ELSE 'dead' END,
                error_class = CASE kept.state WHEN 'dead' THEN kept.error_class ELSE 'forked' END,
                error = CASE kept.state WHEN 'dead' THEN kept.error ELSE %s END
            FROM unnest(%s::uuid[], %s::bigint[]) AS done (stream, sequence)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state IN ('dead', 'waiting')
                AND kept.stream = done.stream AND kept.sequence = done.sequence
            """,
            [PLACE_TAKEN, streams, sequences, consumer, source],
        )


def waiting_delete(row_ids: Collection[int]) -> None:
    """Remove waiting rows whose event was applied."""
    if row_ids:
        InboxWaiting.objects.filter(pk__in=row_ids).delete()


def streams_due(*, consumer: str, source: str, cursors: Collection[Cursor]) -> set[UUID]:
    """Which of these streams have a waiting row whose turn it is; a forked one has none."""
    following = [(c.stream, c.last_sequence + 1) for c in cursors if not c.forked]
    if not following:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT kept.stream FROM inbox_waiting AS kept
            JOIN unnest(%s::uuid[], %s::bigint[]) AS due (stream, sequence) USING (stream, sequence)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state = 'waiting'
            """,
            [*(list(column) for column in zip(*following, strict=True)), consumer, source],
        )
        return {row[0] for row in cursor.fetchall()}


def _bury(row_id: int, error_class: InboxWaiting.ErrorClass, error: str, attempts: int) -> None:
    InboxWaiting.objects.filter(pk=row_id).update(
        state=InboxWaiting.State.DEAD, error_class=error_class, error=error, attempts=attempts
    )


def _storable(reason: str) -> str:
    """A reason as PostgreSQL takes it; it may quote what came in, NUL and surrogates included."""
    text = reason.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")
    return text[:_REASON_MAX]


def _insert(rows: list[InboxWaiting]) -> None:
    InboxWaiting.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _row(consumer: str, item: Arrival | Poison, **members: Any) -> InboxWaiting:
    record, envelope = item.record, item.envelope
    return InboxWaiting(
        consumer=consumer,
        fingerprint=item.fingerprint,
        source=envelope.source[:50] if envelope else "",
        stream=envelope.stream if envelope else None,
        sequence=envelope.sequence if envelope else None,
        event_id=envelope.id if envelope else None,
        type=envelope.type[:100] if envelope else "",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp_ms,
        key=record.key,
        value=record.value,
        headers=msgspec.json.encode(list(record.headers)),
        received_at=item.consumed_at,
        **members,
    )


def _record(row: InboxWaiting) -> Record:
    return Record(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        timestamp_ms=row.timestamp_ms,
        key=None if row.key is None else bytes(row.key),
        value=None if row.value is None else bytes(row.value),
        headers=msgspec.json.decode(bytes(row.headers), type=_Headers),
    )
