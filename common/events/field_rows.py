"""A JSON Schema as rows for people: one row a member, nested ones below their parent."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
}
_FORMATS = {"uuid": "UUID", "date-time": "time (RFC 3339)"}
_RULES = {
    "const": "always {}",
    "pattern": "matches {}",
    "exclusiveMinimum": "over {}",
    "minimum": "at least {}",
    "exclusiveMaximum": "under {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}


class FieldRow(NamedTuple):
    """
    One member: where it is, as in `postings[].amount`, and what it may be.

    `presence` is `required`, or `optional` with the value that its absence means.
    """

    path: str
    type: str
    rules: str
    presence: str
    description: str


def field_rows(schema: Schema, structs: Mapping[str, Schema], path: str = "") -> Iterator[FieldRow]:
    """
    The members of an object's schema in their order; members of members come after their parent.

    `structs` are the schemas that references name, by the last part of the reference.
    """
    schema = _resolved(schema, structs)
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        where = f"{path}.{name}".lstrip(".")
        target = _resolved(member, structs)
        yield FieldRow(
            path=where,
            type=_type(member, structs),
            rules=_rules(target),
            presence="required" if name in required else _optional(member),
            description=member.get("description") or target.get("description", ""),
        )
        for below, nested in _nested(member, structs, where):
            yield from field_rows(nested, structs, below)


def _nested(
    member: Schema, structs: Mapping[str, Schema], path: str
) -> Iterator[tuple[str, Schema]]:
    """The objects inside a member, with the path of their members."""
    member = _resolved(member, structs)
    if "anyOf" in member:
        for shape in member["anyOf"]:
            yield from _nested(shape, structs, f"{path} ({_type(shape, structs)})")
    elif member.get("type") == "array":
        yield from _nested(member["items"], structs, f"{path}[]")
    elif "properties" in member:
        yield path, member


def _type(schema: Schema, structs: Mapping[str, Schema]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(shape, structs) for shape in schema["anyOf"])
    if "$ref" in schema:
        return _name(schema)
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema['items'], structs)}"
        case "object":
            return f"map of text to {_type(schema['additionalProperties'], structs)}"
        case None:
            return "code" if "enum" in schema else "text"
        case kind:
            return _FORMATS.get(schema.get("format", ""), _TYPES[kind])


def _rules(schema: Schema) -> str:
    codes = ", ".join(str(code) for code in schema.get("enum", ()))
    words = [f"one of: {codes}" if len(schema["enum"]) > 1 else f"always {codes}"] if codes else []
    words += [text.format(schema[rule]) for rule, text in _RULES.items() if rule in schema]
    return "; ".join(words)


def _optional(member: Schema) -> str:
    if "default" not in member:
        return "optional"
    return f"optional; absent means {json.dumps(member['default'])}"


def _resolved(schema: Schema, structs: Mapping[str, Schema]) -> Schema:
    return structs[_name(schema)] if "$ref" in schema else schema


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
