"""Step 3 of the road: the outbox rows as the publisher reads and marks them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from psycopg import Connection
from psycopg.rows import namedtuple_row

from common.db.arrays import array_of
from common.events.envelope import headers_of
from common.kafka.broker import OutgoingRecord

ROUND_BYTES_MAX = 8 * 1024 * 1024
"""What the data of one claim may come to; events are small, but a letter may have 256 KiB."""

_Headers = list[tuple[str, bytes | None]]


class Delivered(NamedTuple):
    """A row that the broker has reported as kept; a letter that was given up has no place."""

    position: int
    partition: int | None
    offset: int | None


def rows_claim(
    connection: Connection[Any], *, floor: int, limit: int, but: Sequence[int] = ()
) -> list[Any]:
    """
    Read the next unpublished rows above a position but some, in order; nothing is locked.

    `oldest_running` and `first_unborn` are of the statement's snapshot, for the floor.

    Everything that becomes a header comes as text: the publisher makes no objects that it would
    only print again. Rows of streams that are blocked stay. A claim ends where it passes
    `ROUND_BYTES_MAX`, but has one row at least.
    """
    # The exceptions are a subquery because PostgreSQL hashes it; an array that is a parameter would
    # be searched from its beginning for every row.
    with connection.cursor(row_factory=namedtuple_row, binary=True) as cursor:
        return cursor.execute(
            """
            SELECT position, topic, stream, sequence, id, type, subject, occurred_at,
                correlation_id, causation_id, actor, traceparent, data, key, headers,
                (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS oldest_running,
                (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) AS first_unborn
            FROM (
                SELECT position, topic, stream::text, sequence::text, id::text, type, subject,
                    to_json(occurred_at) #>> '{}' AS occurred_at, correlation_id, causation_id,
                    actor, traceparent, data, key, headers,
                    sum(coalesce(octet_length(data), 0) + coalesce(octet_length(headers), 0)) OVER (
                        ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ) AS bytes_before
                FROM outbox_message AS message
                WHERE published_at IS NULL AND position > %s
                    AND position NOT IN (SELECT unnest(%s::bigint[]))
                    AND NOT EXISTS (SELECT FROM outbox_stream AS parked
                        WHERE parked.blocked_reason <> '' AND parked.stream = message.stream)
                ORDER BY position
                LIMIT %s
            ) AS waiting
            WHERE bytes_before IS NULL OR bytes_before < %s
            ORDER BY position
            """,
            [floor, array_of(but), limit, ROUND_BYTES_MAX],
        ).fetchall()


def records_of(rows: Iterable[Any]) -> Iterator[OutgoingRecord]:
    """
    Claimed rows as they are sent, each made when it is asked for.

    A round of records that lived together would be some ten thousand objects, and the garbage
    collector would look through the whole process for them again and again.
    """
    source = settings.OUTBOX_SOURCE
    for row in rows:
        yield _letter_of(row) if row.stream is None else _event_of(row, source)


def _letter_of(row: Any) -> OutgoingRecord:
    headers = msgspec.json.decode(row.headers, type=_Headers)
    return OutgoingRecord(topic=row.topic, key=row.key, value=row.data, headers=headers)


def _event_of(row: Any, source: str) -> OutgoingRecord:
    headers = headers_of(
        event_id=row.id,
        source=source,
        event_type=row.type,
        subject=row.subject,
        time=row.occurred_at,
        stream=row.stream,
        sequence=row.sequence,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        actor=row.actor,
        traceparent=row.traceparent,
    )
    return OutgoingRecord(topic=row.topic, key=row.stream.encode(), value=row.data, headers=headers)


def rows_mark(connection: Connection[Any], delivered: Sequence[Delivered]) -> None:
    """Mark rows as published; only what the broker has reported may be handed in (P5)."""
    if delivered:
        connection.execute(
            """
            UPDATE outbox_message AS message
            SET published_at = clock_timestamp(), partition = sent.partition, "offset" = sent.at
            FROM unnest(%s::bigint[], %s::int[], %s::bigint[]) AS sent (position, partition, at)
            WHERE message.position = sent.position
            """,
            [array_of(column) for column in zip(*delivered, strict=True)],
        )


def stream_block(connection: Connection[Any], *, stream: str, reason: str) -> None:
    """Park a stream whose next event the broker will never take; the others go on (P14)."""
    connection.execute(
        "UPDATE outbox_stream SET blocked_reason = %s WHERE stream = %s", [reason[:200], stream]
    )
