"""One AsyncAPI 3.0 document over everything the services tell each other."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import msgspec

from common.events.contract_docs import contract_doc
from common.events.contracts import EVENT_TYPES, Event
from common.events.header_schema import HEADERS_SCHEMA, headers_example, headers_rules
from common.events.json_schema import struct_schemas
from common.events.topics import (
    SOURCE_BY_TOPIC,
    TRANSACTIONS_DEAD_LETTERS,
    USERS_DEAD_LETTERS,
)

Document = dict[str, Any]

_BINDING = "0.5.0"
_SERVICES = tuple(source.removeprefix("/") for source in SOURCE_BY_TOPIC.values())
_DEAD_LETTERS = {"users": USERS_DEAD_LETTERS, "transactions": TRANSACTIONS_DEAD_LETTERS}
_DESCRIPTION = (
    "Two services tell each other facts over Kafka. Every event belongs to a stream, the user it"
    " concerns: its id is the Kafka key, and `ce_sequence` counts the stream's events of one"
    " source from 1 without gaps. Delivery is at least once; consumers apply each event once and"
    " in order.\n\n"
    "Identity is in the headers only (CloudEvents 1.0, binary mode); data carry no personal data"
    " and at most 16 KiB. Readers ignore members they do not know, so an optional member may be"
    " added to a version; anything else is a new version beside the old. Amounts are integer"
    " minor units."
)


def asyncapi_document(examples: Mapping[str, Any]) -> Document:
    """Build the document; `examples` holds data of every event version by its `ce_type`."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Notion API: events",
            "version": "1.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            **{topic: _channel(topic) for topic in SOURCE_BY_TOPIC},
            **{topic: _dead_letters(service) for service, topic in _DEAD_LETTERS.items()},
        },
        "operations": {
            f"{service}.{_action(service, topic)}s.{topic}": _operation(service, topic)
            for service in _SERVICES
            for topic in SOURCE_BY_TOPIC
        },
        "components": {
            "messages": {name: _message(event, examples) for name, event in _all().items()},
            "schemas": {
                "EventHeaders": HEADERS_SCHEMA,
                **struct_schemas(list(_all().values()), "#/components/schemas/{name}"),
            },
        },
    }


@cache
def _all() -> dict[str, type[Event]]:
    return dict(sorted(EVENT_TYPES.items()))


def _action(service: str, topic: str) -> Literal["send", "receive"]:
    return "send" if SOURCE_BY_TOPIC[topic] == f"/{service}" else "receive"


def _events(service: str, topic: str) -> list[str]:
    """The event versions that a service writes to its own topic, or reads from another's."""
    docs = {name: contract_doc(event) for name, event in _all().items()}
    return [
        name
        for name, doc in docs.items()
        if doc.topic == topic and service in (doc.producer, doc.consumer)
    ]


def _channel(topic: str) -> Document:
    producer = SOURCE_BY_TOPIC[topic].removeprefix("/")
    return {
        "address": topic,
        "title": f"Events of {producer}",
        "description": f"Only {producer} writes here; what has another `ce_source` is refused.",
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"} for name in _events(producer, topic)
        },
        "bindings": {"kafka": {"topic": topic, "bindingVersion": _BINDING}},
    }


def _dead_letters(service: str) -> Document:
    topic = _DEAD_LETTERS[service]
    return {
        "address": topic,
        "title": f"Dead letters of {service}",
        "description": (
            f"Reserved for records that {service} could not apply, as they came. Nothing is"
            " published here yet: dead letters are rows of `inbox_waiting` in its database."
        ),
        "bindings": {"kafka": {"topic": topic, "bindingVersion": _BINDING}},
    }


def _operation(service: str, topic: str) -> Document:
    action = _action(service, topic)
    verb = "Publishes its outbox" if action == "send" else "Applies each stream once and in order"
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "title": f"{service} {action}s",
        "summary": f"{verb}.",
        "tags": [{"name": service}],
        "messages": [
            {"$ref": f"#/channels/{topic}/messages/{name}"} for name in _events(service, topic)
        ],
    }


def _message(event: type[Event], examples: Mapping[str, Any]) -> Document:
    doc = contract_doc(event)
    remark = f" ({doc.remark})" if doc.remark else ""
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": doc.summary,
        "description": (
            f"{doc.summary} Stream: {doc.stream}."
            f" Producer: {doc.producer}. Consumer: {doc.consumer}{remark}."
        ),
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {
            "allOf": [{"$ref": "#/components/schemas/EventHeaders"}, headers_rules(event)],
        },
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "examples": [_example(event, examples[event.TYPE])],
        "tags": [{"name": doc.producer}],
        "bindings": {"kafka": {"key": _key(doc.stream), "bindingVersion": _BINDING}},
    }


def _key(stream: str) -> Document:
    return {"type": "string", "format": "uuid", "description": f"The stream: {stream}."}


def _example(event: type[Event], data: Any) -> Document:
    subject = str(msgspec.convert(data, event).subject)
    return {"headers": headers_example(event, subject=subject), "payload": data}
