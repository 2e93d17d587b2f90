"""
What may change in the schema of a published event version: almost nothing.

An optional member with a default may be added, at any depth, and words may be improved. All
else is refused, also what would only loosen a rule: events of both kinds lie side by side in the
topics for ever, and a reader that is not upgraded yet would bury what it does not expect.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]

_WORDS = frozenset({"$schema", "$comment", "title", "description", "examples", "$defs", "$ref"})
_FOLLOWED = frozenset({"anyOf", "properties", "required", "items", "additionalProperties"})
_OF_THE_MEMBER = frozenset({"default"})
_ADVICE = "; leave it as it was and publish a new version"


def incompatibilities(old_schema: Schema, new_schema: Schema) -> list[str]:
    """
    Say what has changed in a version that must not, one line a change; empty when all is well.

    Each line begins with the member, as in `debit_party(user).user_id` or `postings[].amount`.
    References are followed within each schema, so the names of nested structs do not matter.
    """
    comparison = _Comparison(old_schema, new_schema)
    return [f"{line}{_ADVICE}" for line in comparison.compare(old_schema, new_schema, "")]


@dataclass(frozen=True)
class _Comparison:
    """Two whole schemas, and the pairs of references that were followed."""

    old_root: Schema
    new_root: Schema
    followed: set[tuple[str, str]] = field(default_factory=set)

    def compare(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"])
            if pair in self.followed:  # a struct within itself
                return
            self.followed.add(pair)
            yield from self._compare(old, new, where)
            self.followed.remove(pair)
        else:
            yield from self._compare(old, new, where)

    def _compare(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        yield from _rules(old, new, where, only=_OF_THE_MEMBER)
        yield from _rules_beside_a_union(old, new, where)
        olds, news = _shapes(old, self.old_root), _shapes(new, self.new_root)
        if len(olds) == len(news) == 1:
            (before,), (after,) = olds.values(), news.values()
            yield from self._shape(before, after, where)
        else:
            yield from self._union(olds, news, where)

    def _union(
        self, olds: Mapping[str, Schema], news: Mapping[str, Schema], where: str
    ) -> Iterator[str]:
        for name, old in olds.items():
            if name in news:
                yield from self._shape(old, news[name], f"{where}({name})")
            else:
                yield f"{_member(where)}: may no longer be {name}"
        for name in _added(olds, news):
            yield f"{_member(where)}: may now also be {name}, which readers do not expect"

    def _shape(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if old.get("type") != new.get("type"):
            yield f"{_member(where)}: the type changed from {_kind(old)} to {_kind(new)}"
            return
        yield from _rules(old, new, where)
        yield from self._properties(old, new, where)
        for key, sign in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = old.get(key), new.get(key)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.compare(before, after, f"{where}{sign}")
            else:
                yield from _rules(old, new, where, only=frozenset({key}))

    def _properties(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in olds:
            path = f"{where}.{name}".lstrip(".")
            if name not in news:
                yield f"{path}: it was removed or renamed"
                continue
            if (name in was_required) != (name in is_required):
                yield f"{path}: it is {'required' if name in is_required else 'optional'} now"
            yield from self.compare(olds[name], news[name], path)
        for name in _added(olds, news):
            path = f"{where}.{name}".lstrip(".")
            if name in is_required:
                yield f"{path}: it is new and required; only what is optional may be added"
            elif "default" not in news[name]:
                yield f"{path}: it is new and has no default"


def _rules(
    old: Schema, new: Schema, where: str, only: frozenset[str] | None = None
) -> Iterator[str]:
    """Compare plain keywords; those that are not known here are compared too."""
    known = _WORDS | _FOLLOWED | _OF_THE_MEMBER
    keys = (old.keys() | new.keys()) - known if only is None else only
    for key in sorted(keys):
        before, after = _text(old, key), _text(new, key)
        if before != after:
            yield f"{_member(where)}: the rule `{key}` changed from {before} to {after}"


def _rules_beside_a_union(old: Schema, new: Schema, where: str) -> Iterator[str]:
    before, after = (
        {key: value for key, value in schema.items() if "anyOf" in schema and key != "anyOf"}
        for schema in (old, new)
    )
    keys = (before.keys() | after.keys()) - _WORDS - _OF_THE_MEMBER
    yield from _rules(before, after, where, only=frozenset(keys))


def _added(olds: Mapping[str, Schema], news: Mapping[str, Schema]) -> list[str]:
    return [name for name in news if name not in olds]


def _text(schema: Schema, key: str) -> str:
    """A keyword's value so that 1, 1.0 and true differ, and the order of codes does not count."""
    if key not in schema:
        return "nothing"
    value = schema[key]
    if key == "enum":
        return ", ".join(sorted(json.dumps(item) for item in value))
    return json.dumps(value, sort_keys=True)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference; what stands beside it counts more."""
    while "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        target = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target[step] if step else target
        schema = {**target, **beside}
    return schema


def _shapes(schema: Schema, root: Schema) -> dict[str, Schema]:
    """The alternatives of a union, nested ones too, by a name that a reader tells them by."""
    if "anyOf" not in schema:
        return {_name(schema): schema}
    shapes: dict[str, Schema] = {}
    for alternative in schema["anyOf"]:
        for name, shape in _shapes(_resolved(alternative, root), root).items():
            shapes[f"{name} {len(shapes) + 1}" if name in shapes else name] = shape
    return shapes


def _name(shape: Schema) -> str:
    """The tag of a struct in a union, else its type."""
    properties = shape.get("properties", {})
    for name in shape.get("required", ()):
        codes = properties.get(name, {}).get("enum", ())
        if len(codes) == 1:
            return f"{name} {codes[0]}"
    return _kind(shape)


def _kind(shape: Schema) -> str:
    return str(shape.get("type", "one of the codes" if "enum" in shape else "anything"))


def _member(where: str) -> str:
    return where.lstrip(".") or "the data"
