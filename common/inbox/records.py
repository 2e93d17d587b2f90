"""Step 8 of the road: a record of Kafka as a row of the inbox, and back without a loss."""

from typing import Any

import msgspec

from common.inbox.arrival import Arrival, Poison, arrive
from common.inbox.models import InboxWaiting
from common.kafka.broker import Record

Headers = list[tuple[str, bytes | None]]

_TYPES = {
    "fingerprint": "text",
    "source": "text",
    "stream": "uuid",
    "sequence": "bigint",
    "event_id": "uuid",
    "type": "text",
    "topic": "text",
    "partition": "integer",
    "offset": "bigint",
    "timestamp_ms": "bigint",
    "key": "bytea",
    "value": "bytea",
    "headers": "bytea",
    "received_at": "timestamptz",
}

COLUMNS = ", ".join(f'"{name}"' for name in _TYPES)
"""What a row says of its record, in the order of `columns_of`, for SQL."""

ARRAYS = ", ".join(f"%s::{kind}[]" for kind in _TYPES.values())
"""Parameters that hold these columns of many rows, for SQL."""

ROWS_AT_ONCE = 200
"""Rows of one statement; a record may have 256 KiB."""


def columns_of(item: Arrival | Poison) -> tuple[Any, ...]:
    """What a record and its envelope, as far as it is legible, put into a row."""
    record, envelope = item.record, item.envelope
    return (
        item.fingerprint,
        envelope.source[:50] if envelope else "",
        envelope.stream if envelope else None,
        envelope.sequence if envelope else None,
        envelope.id if envelope else None,
        envelope.type[:100] if envelope else "",
        record.topic,
        record.partition,
        record.offset,
        record.timestamp_ms,
        record.key,
        record.value,
        msgspec.json.encode(list(record.headers)),
        item.consumed_at,
    )


def record_of(row: InboxWaiting) -> Record:
    """The record as it was read."""
    return Record(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        timestamp_ms=row.timestamp_ms,
        key=None if row.key is None else bytes(row.key),
        value=None if row.value is None else bytes(row.value),
        headers=msgspec.json.decode(bytes(row.headers), type=Headers),
    )


def arrive_again(row: InboxWaiting) -> Arrival | Poison:
    """Decode a row's record with today's code."""
    return arrive(record_of(row), consumed_at=row.received_at, row_id=row.pk)
