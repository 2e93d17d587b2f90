"""Step 5 of the road: a record of Kafka becomes an event in its place, or poison. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from common.events.codec import EventInvalid, event_decode
from common.events.contracts import Event
from common.events.envelope import Envelope, EnvelopeInvalid, headers_decode
from common.events.topics import SOURCE_BY_TOPIC
from common.kafka.broker import Record


class Arrival(Struct, kw_only=True):
    """
    A well-formed event as it came in. `event` is None for a type that nobody here knows.

    `row_id` is the waiting row it was kept in, None when it comes from Kafka. `effect` is what
    it does to its batch, if it was translated early (see `translate.py`).
    """

    record: Record
    envelope: Envelope
    event: Event | None
    consumed_at: datetime
    row_id: int | None = None
    effect: Callable[[Any], None] | None = None

    @property
    def published_at(self) -> datetime:
        return _moment(self.record.timestamp_ms)

    @property
    def fingerprint(self) -> str:
        """The same event has the same fingerprint wherever in the topic it stands."""
        return f"event:{self.envelope.id}:{self.envelope.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A record that no handler can make sense of, and why; `envelope` if that much was legible."""

    record: Record
    envelope: Envelope | None
    reason: str
    consumed_at: datetime
    row_id: int | None = None

    @property
    def fingerprint(self) -> str:
        """The record's place and bytes: redelivery is the same poison, a second copy is not."""
        record = self.record
        place = f"{record.topic}/{record.partition}@{record.offset}#{record.timestamp_ms}"
        digest = hashlib.sha256(place.encode())
        digest.update(record.value or b"")
        return f"record:{digest.hexdigest()}"


def stream_identity(item: Arrival | Poison) -> UUID | bytes:
    """Whose event a dead letter is, as far as it says: its stream, else the key of its record."""
    return item.envelope.stream if item.envelope else item.record.key or b""


def published_at(item: Arrival | Poison) -> datetime:
    """Kafka's timestamp of a record; when it was consumed, if that is no time."""
    try:
        return _moment(item.record.timestamp_ms)
    except (ValueError, OverflowError, OSError):
        return item.consumed_at


def arrive(record: Record, *, consumed_at: datetime, row_id: int | None = None) -> Arrival | Poison:
    """
    Decode a record strictly.

    Poison is: headers that are not our envelope, a source that does not own the topic, a Kafka
    key that is not the stream, a timestamp that is no time, no data, data that breaks the
    contract, and a version of a known type that this code does not know.
    """
    envelope = None
    try:
        envelope = headers_decode(record.headers)
        event = _event(record, envelope)
    except (EnvelopeInvalid, EventInvalid) as error:
        return Poison(
            record=record,
            envelope=envelope,
            reason=str(error),
            consumed_at=consumed_at,
            row_id=row_id,
        )
    return Arrival(
        record=record, envelope=envelope, event=event, consumed_at=consumed_at, row_id=row_id
    )


def _event(record: Record, envelope: Envelope) -> Event | None:
    if SOURCE_BY_TOPIC.get(record.topic) != envelope.source:
        raise EnvelopeInvalid("ce_source does not own this topic")
    if record.key != str(envelope.stream).encode():
        raise EnvelopeInvalid("ce_partitionkey is not the key of the record")
    _check_timestamp(record.timestamp_ms)
    if not record.value:
        raise EventInvalid("there is no data")
    return event_decode(envelope.type, record.value)


def _check_timestamp(timestamp_ms: int) -> None:
    try:
        _moment(timestamp_ms)
    except (ValueError, OverflowError, OSError):
        raise EventInvalid("the timestamp of the record is out of range") from None


def _moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
