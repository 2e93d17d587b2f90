"""What the data of each event version looks like, as JSON Schema 2020-12."""

from collections.abc import Sequence
from typing import Any

import msgspec

from common.events.contracts import EVENT_TYPES, Event

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def dataschema(event_type: str) -> str:
    """The name of an event version's schema, as `ce_dataschema` gives it."""
    return f"urn:notion-api:event:{event_type}"


def event_schemas() -> dict[str, Schema]:
    """One self-contained schema for every event version, by its `ce_type`."""
    return {event_type: event_schema(EVENT_TYPES[event_type]) for event_type in sorted(EVENT_TYPES)}


def event_schema(event: type[Event]) -> Schema:
    """The schema of one version's data; its nested structs are in `$defs`, sorted by name."""
    structs = struct_schemas([event], "#/$defs/{name}")
    root = structs.pop(event.__name__)
    nested = {"$defs": structs} if structs else {}
    return {"$schema": _DIALECT, "$id": dataschema(event.TYPE), **root, **nested}


def struct_schemas(events: Sequence[type[Event]], ref_template: str) -> dict[str, Schema]:
    """The schemas of events and all their nested structs by name, referring by the template."""
    _, structs = msgspec.json.schema_components(events, ref_template=ref_template)
    return {name: _portable(structs[name]) for name in sorted(structs)}


def _portable(schema: Any) -> Any:
    """
    The same rules without what only OpenAPI or only Python understands.

    `discriminator` belongs to OpenAPI; each member of a union names its tag anyway. JSON Schema
    patterns are ECMA 262, where `$` is the very end and Python's `\\Z` would mean the letter.
    """
    if isinstance(schema, list):
        return [_portable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    portable = {
        key: _portable(value)
        for key, value in schema.items()
        if not (key == "discriminator" and "propertyName" in value)
    }
    if isinstance(pattern := schema.get("pattern"), str):
        portable["pattern"] = pattern.replace(r"\Z", "$")
    return portable
