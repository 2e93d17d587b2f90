"""The gate that keeps the schemas of published events as they are."""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest

from common.events.compatibility import incompatibilities
from common.events.contract_docs import ContractUndocumented, contract_doc
from common.events.contracts import EVENT_TYPES, Event, UserRegisteredV1
from common.events.json_schema import event_schemas

STRING = {"type": "string"}
GONE = object()
SAMPLE: dict[str, Any] = {
    "$id": "urn:sample.v1",
    "title": "SampleV1",
    "description": "Every kind of member that a contract may have.",
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"enum": ["deposit", "transfer"]},
        "amount": {"type": "integer", "exclusiveMinimum": 0, "maximum": 100},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "minLength": 3},
        "party": {"anyOf": [{"$ref": "#/$defs/Wallet"}, {"$ref": "#/$defs/House"}]},
        "legs": {"type": "array", "items": {"$ref": "#/$defs/Leg"}, "minItems": 1},
        "tags": {"type": "object", "additionalProperties": STRING, "default": {}},
        "note": {"anyOf": [STRING, {"type": "null"}], "default": None},
        "leg": {"$ref": "#/$defs/Leg"},
        "tree": {"$ref": "#/$defs/Tree"},
    },
    "required": ["id", "kind", "amount", "currency", "party", "legs", "leg", "tree"],
    "$defs": {
        "Wallet": {
            "type": "object",
            "properties": {"party": {"enum": ["user"]}, "user_id": {"type": "string"}},
            "required": ["party", "user_id"],
        },
        "House": {
            "type": "object",
            "properties": {"party": {"enum": ["system"]}, "role": {"enum": ["cash"]}},
            "required": ["party", "role"],
        },
        "Leg": {
            "type": "object",
            "properties": {"amount": {"type": "integer", "minimum": 1}},
            "required": ["amount"],
        },
        "Tree": {
            "type": "object",
            "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
            "required": ["children"],
        },
    },
}

REFUSED = [
    # what is changed, into what, the member that the message names, a word of it
    ("properties.amount", GONE, "amount", "removed or renamed"),
    ("properties.tags", GONE, "tags", "removed or renamed"),
    ("properties.id.type", "integer", "id", "type"),
    ("properties.id.format", "date-time", "id", "format"),
    ("properties.id.format", GONE, "id", "format"),
    ("properties.amount.type", "number", "amount", "integer to number"),
    ("properties.kind", STRING, "kind", "one of the codes to string"),
    ("properties.currency.pattern", "^[A-Z]{3,4}$", "currency", "pattern"),
    ("properties.currency.pattern", GONE, "currency", "pattern"),
    ("properties.id.pattern", "^[0-9a-f-]+$", "id", "pattern"),
    ("properties.amount.maximum", 99, "amount", "maximum"),
    ("properties.amount.maximum", 101, "amount", "maximum"),
    ("properties.amount.maximum", GONE, "amount", "maximum"),
    ("properties.amount.minimum", 5, "amount", "minimum"),
    ("properties.amount.exclusiveMinimum", -1, "amount", "exclusiveMinimum"),
    ("properties.currency.minLength", 2, "currency", "minLength"),
    ("properties.currency.maxLength", 3, "currency", "maxLength"),
    ("properties.legs.minItems", 2, "legs", "minItems"),
    ("properties.kind.enum", ["deposit"], "kind", "enum"),
    ("properties.kind.enum", ["deposit", "transfer", "gift"], "kind", "enum"),
    ("properties.kind.enum", ["deposit", "transfers"], "kind", "enum"),
    ("properties.tags.default", {"a": "b"}, "tags", "default"),
    ("properties.note.default", GONE, "note", "default"),
    ("properties.amount.default", 1, "amount", "default"),
    ("properties.tags.additionalProperties", {"type": "integer"}, "tags{}", "type"),
    ("properties.tags.additionalProperties", GONE, "tags", "additionalProperties"),
    ("additionalProperties", False, "the data", "additionalProperties"),
    ("properties.legs.items", STRING, "legs[]", "type"),
    ("properties.legs.items", GONE, "legs", "items"),
    ("properties.legs.uniqueItems", True, "legs", "uniqueItems"),
    ("properties.note", STRING | {"default": None}, "note", "no longer be null"),
    ("properties.amount", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "amount", "null"),
    ("properties.party", {"$ref": "#/$defs/Wallet"}, "party", "no longer be party system"),
    ("properties.party.anyOf", [{"$ref": "#/$defs/House"}], "party", "no longer be party user"),
    ("properties.party.maxProperties", 2, "party", "maxProperties"),
    ("properties.note.anyOf", [{"type": "null"}, {"type": "integer"}], "note", "also be integer"),
    ("properties.note.anyOf", [STRING, STRING, {"type": "null"}], "note", "also be string"),
    ("properties.leg", {"$ref": "#/$defs/Tree"}, "leg.amount", "removed"),
    ("$defs.Wallet.properties.user_id", GONE, "party(party user).user_id", "removed"),
    ("$defs.Wallet.properties.user_id.type", "integer", "party(party user).user_id", "type"),
    ("$defs.House.properties.role.enum", ["cash", "fees"], "party(party system).role", "enum"),
    ("$defs.House.properties.party.enum", ["house"], "party", "no longer be party system"),
    ("$defs.Leg.properties.amount.minimum", 0, "legs[].amount", "minimum"),
    ("$defs.Leg.properties.amount.minimum", 0, "leg.amount", "minimum"),
    ("$defs.Leg.required", [], "legs[].amount", "optional now"),
    ("$defs.Tree.properties.children.type", "object", "tree.children", "type"),
    ("required", ["id"], "amount", "optional now"),
    ("required", [*SAMPLE["required"], "note"], "note", "required now"),
    ("properties.fee", {"type": "integer"}, "fee", "no default"),
    ("$defs.Leg.properties.fee", {"type": "integer"}, "legs[].fee", "no default"),
    ("type", "array", "the data", "object to array"),
    ("$id", "urn:sample.v2", "the data", "$id"),
    ("properties.amount.x-unheard-of", True, "amount", "x-unheard-of"),
]

ALLOWED = [
    ("properties.fee", {"type": "integer", "default": 0}),
    ("properties.fee", {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}),
    ("properties.refund", {"$ref": "#/$defs/Leg", "default": {"amount": 1}}),
    ("$defs.Leg.properties.fee", {"type": "integer", "default": 0}),
    ("$defs.Wallet.properties.name", STRING | {"default": ""}),
    ("$defs.Unused", {"type": "object"}),
    ("title", "Sample"),
    ("description", "Better words."),
    ("properties.amount.description", "Minor units."),
    ("properties.amount.examples", [1]),
    ("properties.kind.enum", ["transfer", "deposit"]),
    ("properties.note.anyOf", [{"type": "null"}, STRING]),
    ("properties.leg", SAMPLE["$defs"]["Leg"]),
    ("required", SAMPLE["required"][::-1]),
]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sample with one thing changed."""
    return replaced(SAMPLE, path.split("."), value)


def replaced(schema: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of a schema with another value at a path, or none."""
    copied = copy.deepcopy(schema)
    *steps, last = path
    node = copied
    for step in steps:
        node = node[step]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return copied


class TestIncompatibilities:
    @pytest.mark.parametrize(("path", "value", "member", "word"), REFUSED)
    def test_refuses_and_names_the_member_and_what_to_do(self, path, value, member, word):
        lines = incompatibilities(SAMPLE, changed(path, value))

        assert any(line.startswith(f"{member}: ") and word in line for line in lines), lines
        assert all(line.endswith("publish a new version") for line in lines)

    @pytest.mark.parametrize(("path", "value"), ALLOWED)
    def test_allows(self, path, value):
        assert incompatibilities(SAMPLE, changed(path, value)) == []

    def test_refuses_a_new_member_that_is_required(self):
        new = changed("properties.fee", {"type": "integer", "default": 0})
        new["required"] = [*new["required"], "fee"]

        (line,) = incompatibilities(SAMPLE, new)

        assert line.startswith("fee: it is new and required")

    def test_says_a_rename_as_what_is_missing_and_what_is_new(self):
        new = changed("properties.tags", GONE)
        new["properties"]["labels"] = {"type": "object", "default": {}}

        (line,) = incompatibilities(SAMPLE, new)

        assert line.startswith("tags: it was removed or renamed")

    def test_does_not_care_how_a_nested_struct_is_called(self):
        renamed = json.loads(json.dumps(SAMPLE).replace("Leg", "Posting"))

        assert incompatibilities(SAMPLE, renamed) == []

    @pytest.mark.parametrize(("old", "new"), [(1, True), (1, 1.0), (0, False), (None, "null")])
    def test_tells_values_apart_that_python_calls_equal(self, old, new):
        before = changed("properties.amount.default", old)

        assert incompatibilities(before, changed("properties.amount.default", new))


def nodes(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The place of every value in a schema that is not mere words."""
    for key, value in schema.items():
        if key in {"title", "description", "$schema"} and isinstance(value, str):
            continue
        yield (*path, key)
        if isinstance(value, dict) and key != "default":
            yield from nodes(value, (*path, key))


class TestEveryRuleOfEveryEvent:
    @pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
    def test_is_compatible_with_itself(self, event_type):
        schema = event_schemas()[event_type]

        assert incompatibilities(schema, json.loads(json.dumps(schema))) == []

    @pytest.mark.parametrize("value", [GONE, 7, "else", {"else": 7}], ids=str)
    def test_is_guarded(self, value):
        missed = []
        for event_type, old in event_schemas().items():
            for path in nodes(old):
                new = replaced(old, path, value)
                try:
                    if not incompatibilities(old, new):
                        missed.append((event_type, path))
                except (KeyError, TypeError, AttributeError, ValueError):
                    continue  # no schema any more, and the gate falls over it

        assert missed == []


class TestContractDoc:
    def test_says_where_an_event_comes_from_and_where_it_goes(self):
        doc = contract_doc(UserRegisteredV1)

        assert doc == ("Somebody signed up.", "the user", "users", "transactions", "")
        assert doc.topic == "users.events"

    @pytest.mark.parametrize(
        "words", [None, "It rained.", "It rained. Stream: x. Producer: sky. Consumer: users."]
    )
    def test_is_demanded(self, words):
        class ItRainedV1(Event, frozen=True, kw_only=True):
            __doc__ = words
            TYPE: ClassVar[str] = "it_rained.v1"

        with pytest.raises(ContractUndocumented, match="ItRainedV1"):
            contract_doc(ItRainedV1)
