"""Step 3 of the road: everything that waits leaves for Kafka, in order, and is marked."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.conf import settings
from psycopg import Connection
from psycopg.rows import namedtuple_row

from common.events.envelope import Envelope, headers_encode
from common.kafka.broker import (
    BrokerError,
    Delivery,
    EventProducer,
    OutgoingRecord,
    Refusal,
    Report,
)
from common.outbox.floor import Floor
from common.outbox.session import PublisherSession

log = structlog.get_logger(__name__)

ROUND_MAX = 1000


class PublishFailed(BrokerError):
    """The broker took some or none of a round; what it did not take stays unpublished."""


def outbox_drain(
    session: PublisherSession,
    producer: EventProducer,
    *,
    meanwhile: Callable[[], bool] = lambda: True,
) -> int:
    """
    Publish everything that waits and return how many events left.

    `meanwhile` is called before every round and while reports are awaited, at least every two
    seconds; the drain ends before the next round when it says False.

    Does nothing when another publisher holds the lock: it will see our rows, because it reads
    once more after releasing (Note [Lost wake-up]). The lock is an economy, not a guarantee:
    a doubled or reordering publisher costs time only, the consumer decides order.

    Raises:
        PublishFailed: the broker refused or did not answer; try again after a pause.
        BrokerFatal: the producer is dead; make a new one.
        psycopg.Error: the database; the session must be made anew.
    """
    published = 0
    while session.lock():
        try:
            published += _rounds(session, producer, meanwhile)
        finally:
            session.unlock()
        # Note [Lost wake-up]: somebody may have committed after our last empty read and found
        # the lock still taken. Reading after the release catches them (P52).
        if not meanwhile() or not _claim(session.connection, floor=0, limit=1):
            break
    return published


def _rounds(
    session: PublisherSession, producer: EventProducer, meanwhile: Callable[[], bool]
) -> int:
    def while_waiting() -> None:
        session.touch()
        meanwhile()

    published, floor = 0, Floor()
    while meanwhile() and (
        rows := _claim(session.connection, floor=floor.position, limit=ROUND_MAX)
    ):
        reports = producer.publish([_record(row) for row in rows], while_waiting=while_waiting)
        published += _mark(session.connection, rows, reports)
        _raise_on_refusal(session, producer, rows, reports)
        floor.learn(rows)
    return published


def _claim(connection: Connection[Any], *, floor: int, limit: int) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(
            """
            SELECT position, id, topic, stream, sequence, type, subject, occurred_at,
                correlation_id, causation_id, actor, traceparent, data,
                (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS oldest_running,
                (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) AS first_unborn
            FROM outbox_message
            WHERE published_at IS NULL AND position > %s
                AND stream NOT IN (SELECT stream FROM outbox_stream WHERE blocked_reason <> '')
            ORDER BY position
            LIMIT %s
            """,
            [floor, limit],
        ).fetchall()


def _record(row: Any) -> OutgoingRecord:
    envelope = Envelope(
        id=row.id,
        source=settings.OUTBOX_SOURCE,
        type=row.type,
        subject=row.subject,
        time=row.occurred_at,
        stream=row.stream,
        sequence=row.sequence,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        actor=row.actor,
        traceparent=row.traceparent,
    )
    return OutgoingRecord(
        topic=row.topic,
        key=str(row.stream).encode(),
        value=bytes(row.data),
        headers=headers_encode(envelope),
    )


def _mark(connection: Connection[Any], rows: Sequence[Any], reports: Sequence[Report]) -> int:
    """Mark what the broker has reported delivered, and nothing else (P5)."""
    delivered = [
        (row.position, report.partition, report.offset)
        for row, report in zip(rows, reports, strict=True)
        if isinstance(report, Delivery)
    ]
    if delivered:
        connection.execute(
            """
            UPDATE outbox_message AS message
            SET published_at = clock_timestamp(), partition = sent.partition, "offset" = sent.at
            FROM unnest(%s::bigint[], %s::int[], %s::bigint[]) AS sent (position, partition, at)
            WHERE message.position = sent.position
            """,
            [list(column) for column in zip(*delivered, strict=True)],
        )
    return len(delivered)


def _raise_on_refusal(
    session: PublisherSession,
    producer: EventProducer,
    rows: Sequence[Any],
    reports: Sequence[Report],
) -> None:
    for row, report in zip(rows, reports, strict=True):
        if not isinstance(report, Refusal):
            continue
        if report.permanent:
            _block_if_refused_alone(session, producer, row)
        raise PublishFailed(report.reason)


def _block_if_refused_alone(session: PublisherSession, producer: EventProducer, row: Any) -> None:
    # The broker judges batches: what it refuses may be a record of another stream that shared
    # the batch, so nobody's stream is parked before its event was refused by itself.
    (again,) = reports = producer.publish([_record(row)], while_waiting=session.touch)
    _mark(session.connection, [row], reports)
    if isinstance(again, Refusal) and again.permanent:
        _block(session.connection, row, again.reason)


def _block(connection: Connection[Any], row: Any, reason: str) -> None:
    """Park a stream whose next event the broker will never take; the others go on (P14)."""
    log.error("stream_blocked", stream=str(row.stream), event_id=str(row.id), reason=reason)
    connection.execute(
        "UPDATE outbox_stream SET blocked_reason = %s WHERE stream = %s",
        [reason[:200], row.stream],
    )
