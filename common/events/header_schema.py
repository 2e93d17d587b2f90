"""What the headers of an event look like: the envelope as JSON Schema, and an example."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.events.contract_docs import contract_doc
from common.events.contracts import Event
from common.events.envelope import Envelope, headers_encode
from common.events.json_schema import dataschema

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_TEXT = {"type": "string", "minLength": 1, "maxLength": 512}

_OPTIONAL = ("ce_causationid", "traceparent")

HEADERS_SCHEMA: dict[str, Any] = {
    "title": "EventHeaders",
    "description": (
        "CloudEvents 1.0 in Kafka's binary mode: every attribute is a header, UTF-8, without"
        " control characters, at most 512 bytes. Readers ignore headers they do not know."
    ),
    "type": "object",
    "properties": {
        "ce_specversion": {"const": "1.0", "description": "The version of CloudEvents."},
        "ce_id": {"type": "string", "pattern": _UUID, "description": "Id of the event."},
        "ce_source": {**_TEXT, "description": "The service that says it; it owns the topic."},
        "ce_type": {**_TEXT, "description": "What happened, with the version of the data."},
        "ce_subject": {**_TEXT, "description": "Id of what the fact is about."},
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened.",
        },
        "ce_dataschema": {**_TEXT, "description": "The name of the data's schema."},
        "content-type": {"const": "application/json", "description": "The data is JSON."},
        "ce_partitionkey": {
            "type": "string",
            "pattern": _UUID,
            "description": "The stream: the user's id, equal to the Kafka key.",
        },
        "ce_sequence": {
            "type": "string",
            "pattern": r"^(?!0+$)[0-9]{1,18}$",
            "description": "Place in the stream of this source, from 1, without gaps.",
        },
        "ce_correlationid": {**_TEXT, "description": "Id of the request that began it all."},
        "ce_causationid": {
            **_TEXT,
            "description": "Id of the event that led to this one; absent for a client's request.",
        },
        "ce_actor": {
            **_TEXT,
            "description": "Who caused it: `user:<id>`, `staff:<id>` or `system:<name>`.",
        },
        "traceparent": {
            **_TEXT,
            "description": "W3C trace context of the request that began it all.",
        },
    },
}
HEADERS_SCHEMA["required"] = [
    name for name in HEADERS_SCHEMA["properties"] if name not in _OPTIONAL
]


def headers_rules(event: type[Event]) -> dict[str, Any]:
    """The values that the headers of this event version always have."""
    always = {
        "ce_source": f"/{contract_doc(event).producer}",
        "ce_type": event.TYPE,
        "ce_dataschema": dataschema(event.TYPE),
    }
    return {
        "type": "object",
        "properties": {name: {"const": value} for name, value in always.items()},
    }


def headers_example(event: type[Event], *, subject: str) -> dict[str, str]:
    """The headers of an event as it might be sent; nothing in them is anybody's."""
    example = Envelope(
        id=UUID("01900000-0000-7000-8000-00000000000a"),
        source=f"/{contract_doc(event).producer}",
        type=event.TYPE,
        subject=subject,
        time=datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC),
        stream=UUID("01900000-0000-7000-8000-000000000001"),
        sequence=7,
        correlation_id="01900000-0000-7000-8000-00000000000b",
        causation_id="01900000-0000-7000-8000-000000000009",
        actor="user:01900000-0000-7000-8000-000000000001",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    return {name: value.decode() for name, value in headers_encode(example)}
