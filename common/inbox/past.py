"""What the inbox remembers of a made-up past."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain, islice
from uuid import UUID

from django.db import connection

from common.db.arrays import array_of
from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.wiring import Wiring
from common.kafka.broker import Record

_RECORDS_AT_ONCE = 500


def cursors_past_begin(wiring: Wiring, heads: Mapping[UUID, tuple[int, UUID | None]]) -> None:
    """Begin cursors behind the last event of each stream, in the caller's transaction."""
    streams = sorted(heads)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inbox_cursor (consumer, source, stream, last_sequence, last_event_id)
            SELECT %s, %s, * FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[])
            ON CONFLICT DO NOTHING
            """,
            [
                wiring.consumer,
                SOURCE_BY_TOPIC[wiring.topic],
                array_of(streams),
                array_of([heads[stream][0] for stream in streams]),
                array_of([heads[stream][1] for stream in streams]),
            ],
        )


def broken_past_apply(wiring: Wiring, letters: Iterable[list[Record]]) -> Iterable[int]:
    """
    Let the consumer have records that it cannot apply; yields how many dead letters came of it.

    Each batch is a transaction. What was read before is recognised and stays as it is.
    """
    records = chain.from_iterable(letters)
    while batch := list(islice(records, _RECORDS_AT_ONCE)):
        report = batch_apply(
            wiring, [arrive(record, consumed_at=_read_at(record)) for record in batch]
        )
        yield report.dead


def _read_at(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
