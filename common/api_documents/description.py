"""The committed OpenAPI descriptions, and questions to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Document = Mapping[str, Any]


class Operation(NamedTuple):
    """One operation of one service; `document` resolves its references."""

    id: str
    service: str
    method: str
    path: str
    content: Mapping[str, Any]
    document: Document

    @property
    def tag(self) -> str:
        tag: str = self.content["tags"][0]
        return tag

    @property
    def summary(self) -> str:
        summary: str = self.content["summary"]
        return summary

    def parameters(self, location: str) -> list[Mapping[str, Any]]:
        """Its parameters in `path`, `query` or `header`."""
        found = (resolved(self.document, one) for one in self.content.get("parameters", ()))
        return [one for one in found if one["in"] == location]

    def body(self) -> Any:
        """An example of a body; None where it has none."""
        if "requestBody" not in self.content:
            return None
        content = resolved(self.document, self.content["requestBody"])["content"]
        shape = content["application/json"]
        examples = list(shape.get("examples", {}).values())
        if examples:
            return resolved(self.document, examples[0])["value"]
        return example_of(self.document, shape["schema"])

    def problem_codes(self) -> Iterator[str]:
        """The codes of every problem document that it answers with."""
        for response in self.content["responses"].values():
            content = resolved(self.document, response).get("content", {})
            yield from content.get("application/problem+json", {}).get("examples", ())


def operations(documents: Mapping[str, Document]) -> list[Operation]:
    """Every operation of every service, by the name of the service, in the documents' order."""
    return [
        Operation(content["operationId"], service, method.upper(), path, content, document)
        for service, document in documents.items()
        for path, item in document["paths"].items()
        for method, content in item.items()
    ]


def resolved(document: Document, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference leads to; anything else is itself."""
    while "$ref" in value:
        found: Any = document
        for word in value["$ref"].removeprefix("#/").split("/"):
            found = found[word]
        value = found
    return value


def example_of(document: Document, schema: Mapping[str, Any]) -> Any:
    """A small value of a schema that has no example: its required members only."""
    schema = resolved(document, schema)
    if "example" in schema:
        return schema["example"]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("anyOf", schema.get("oneOf")):
        return example_of(document, choices[0])
    if parts := schema.get("allOf"):
        return _together(document, parts)
    if schema.get("type") == "object" or "properties" in schema:
        return _members(document, schema)
    return {"array": [], "boolean": True, "integer": 1, "number": 1}.get(schema["type"], "…")


def _together(document: Document, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for part in parts:
        value |= example_of(document, part)
    return value


def _members(document: Document, schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {name: example_of(document, properties[name]) for name in schema.get("required", ())}
