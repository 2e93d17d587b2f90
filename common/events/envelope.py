"""
The envelope of an event: CloudEvents 1.0, Kafka binary mode (headers `ce_…`).

Source of the header names: CloudEvents Kafka Protocol Binding 1.0.2, section 3.2, with the
extensions partitionkey, sequence, correlationid, causationid, actor and traceparent.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

Headers = list[tuple[str, bytes]]

_SPEC_VERSION = "1.0"
_SPEC_VERSION_HEADER = ("ce_specversion", _SPEC_VERSION.encode())
_CONTENT_TYPE_HEADER = ("content-type", b"application/json")
_TEXT_MAX = 512
_UUID_LENGTH = 36


class EnvelopeInvalid(ValueError):
    """The headers are not those of one of our events; the message says which is wrong."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is known of an event without reading its data.

    `stream` is the user it concerns and the Kafka key; `sequence` counts the events of that
    stream from one source from 1 without gaps. `actor` is `user:<id>`, `staff:<id>` or
    `system:<name>`.
    """

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    stream: UUID
    sequence: int
    correlation_id: str
    causation_id: str | None
    actor: str
    traceparent: str | None


def headers_encode(envelope: Envelope) -> Headers:
    """Write an envelope as Kafka headers."""
    return headers_of(
        event_id=str(envelope.id),
        source=envelope.source,
        event_type=envelope.type,
        subject=envelope.subject,
        time=envelope.time.isoformat(),
        stream=str(envelope.stream),
        sequence=str(envelope.sequence),
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        actor=envelope.actor,
        traceparent=envelope.traceparent,
    )


def headers_of(
    *,
    event_id: str,
    source: str,
    event_type: str,
    subject: str,
    time: str,
    stream: str,
    sequence: str,
    correlation_id: str,
    causation_id: str | None,
    actor: str,
    traceparent: str | None,
) -> Headers:
    """Write the parts of an envelope, already text, as Kafka headers; `time` is RFC 3339."""
    headers = [
        _SPEC_VERSION_HEADER,
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", event_type.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time.encode()),
        ("ce_dataschema", f"urn:notion-api:event:{event_type}".encode()),
        _CONTENT_TYPE_HEADER,
        ("ce_partitionkey", stream.encode()),
        ("ce_sequence", sequence.encode()),
        ("ce_correlationid", correlation_id.encode()),
    ]
    if causation_id is not None:
        headers.append(("ce_causationid", causation_id.encode()))
    headers.append(("ce_actor", actor.encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def headers_decode(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """
    Read an envelope from Kafka headers; unknown headers are ignored.

    Raises `EnvelopeInvalid` when one is missing, twice there, not text or not well formed.
    """
    values = _texts(headers)
    if values.get("ce_specversion") != _SPEC_VERSION:
        raise EnvelopeInvalid("ce_specversion is not 1.0")
    return Envelope(
        id=_uuid(values, "ce_id"),
        source=_text(values, "ce_source"),
        type=_text(values, "ce_type"),
        subject=_text(values, "ce_subject"),
        time=_time(values, "ce_time"),
        stream=_uuid(values, "ce_partitionkey"),
        sequence=_sequence(values),
        correlation_id=_text(values, "ce_correlationid"),
        causation_id=values.get("ce_causationid"),
        actor=_text(values, "ce_actor"),
        traceparent=values.get("traceparent"),
    )


def _texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    # One function although it is long: there are a dozen headers to every event.
    values: dict[str, str] = {}
    for name, value in headers:
        if not (name.startswith("ce_") or name == "traceparent"):
            continue
        if name in values:
            raise EnvelopeInvalid(f"{name} is there twice")
        if value is None or len(value) > _TEXT_MAX:
            raise EnvelopeInvalid(f"{name} is empty or over {_TEXT_MAX} bytes")
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise EnvelopeInvalid(f"{name} is not UTF-8") from None
        if not text.isprintable():
            raise EnvelopeInvalid(f"{name} has control characters")
        values[name] = text
    return values


def _text(values: dict[str, str], name: str) -> str:
    value = values.get(name)
    if not value:
        raise EnvelopeInvalid(f"{name} is missing")
    return value


def _uuid(values: dict[str, str], name: str) -> UUID:
    text = _text(values, name)
    try:
        value = msgspec.convert(text, UUID)
    except msgspec.ValidationError:
        raise EnvelopeInvalid(f"{name} is not a UUID") from None
    if len(text) != _UUID_LENGTH or text != text.lower():
        raise EnvelopeInvalid(f"{name} is not a UUID in canonical form")
    return value


def _time(values: dict[str, str], name: str) -> datetime:
    try:
        value = datetime.fromisoformat(_text(values, name))
    except ValueError:
        raise EnvelopeInvalid(f"{name} is not a time") from None
    if value.tzinfo is None:
        raise EnvelopeInvalid(f"{name} has no time zone")
    return value


def _sequence(values: dict[str, str]) -> int:
    text = _text(values, "ce_sequence")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004  fits bigint
        raise EnvelopeInvalid("ce_sequence is not a number")
    if (value := int(text)) < 1:
        raise EnvelopeInvalid("ce_sequence does not count from 1")
    return value
