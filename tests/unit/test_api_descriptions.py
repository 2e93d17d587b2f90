"""What docs/openapi promises of every operation; `lint` holds it against the code."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from common.api_documents.description import Operation, operations, resolved
from common.api_documents.http_file import http_file
from common.api_documents.postman import postman_collection
from common.api_documents.walk import WALK

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = {
    service: json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())
    for service in ("users", "transactions")
}
OPERATIONS = operations(DOCUMENTS)
OURS = [one for one in OPERATIONS if one.tag != "auth"]
HAS_EFFECTS = (
    "transaction_submit",
    "transaction_capture",
    "transaction_void",
    "transaction_reverse",
)


def named(found: list[Operation]) -> Any:
    return pytest.mark.parametrize("operation", found, ids=lambda operation: operation.id)


def responses(operation: Operation) -> dict[str, dict[str, Any]]:
    return {
        status: resolved(operation.document, response)
        for status, response in operation.content["responses"].items()
    }


class TestOperation:
    @named(OPERATIONS)
    def test_is_explained(self, operation):
        assert operation.summary
        assert operation.content["description"]

    @named(OPERATIONS)
    def test_names_the_request_in_every_answer(self, operation):
        for status, response in responses(operation).items():
            assert "X-Request-Id" in response["headers"], status

    @named(OPERATIONS)
    def test_shows_its_body(self, operation):
        if "requestBody" in operation.content:
            assert operation.body() is not None

    @named(OURS)
    def test_shows_every_answer(self, operation):
        for status, response in responses(operation).items():
            for media_type, shape in response.get("content", {}).items():
                assert shape["examples"], (status, media_type)

    @named(OURS)
    def test_shows_what_its_schema_allows(self, operation):
        shown = [("request", operation.content["requestBody"])] if operation.body() else []
        shown += list(responses(operation).items())

        for where, part in shown:
            for media_type, shape in part.get("content", {}).items():
                if media_type == "text/csv":
                    continue
                schema = {**shape["schema"], "components": operation.document["components"]}
                for example in shape["examples"].values():
                    found = list(Draft202012Validator(schema).iter_errors(example["value"]))
                    assert not found, (where, found)

    @named(OPERATIONS)
    def test_says_401_also_for_an_authorization_that_nobody_can_read(self, operation):
        assert "401" in operation.content["responses"]

    @named([one for one in OPERATIONS if "{" in one.path])
    def test_says_404_where_something_may_be_missing(self, operation):
        assert "404" in operation.content["responses"]

    @named([one for one in OPERATIONS if one.id in HAS_EFFECTS])
    def test_with_effects_asks_for_a_key_and_says_where_to_look(self, operation):
        headers = {one["name"]: one for one in operation.parameters("header")}

        assert headers["Idempotency-Key"]["required"]
        assert {"Location", "Idempotent-Replayed"} <= responses(operation)["202"]["headers"].keys()
        assert "idempotency_key_reused" in operation.problem_codes()

    @named([one for one in OURS if one.method != "GET" and one.content.get("security")])
    def test_refuses_members_that_it_does_not_know(self, operation):
        schema = operation.content["requestBody"]["content"]["application/json"]["schema"]

        assert resolved(operation.document, schema)["additionalProperties"] is False


class TestRequestFiles:
    def test_have_every_operation(self):
        text = http_file(OPERATIONS)
        folders = postman_collection(OPERATIONS)["item"]
        walk, rest = folders[0], folders[1:]

        assert all(f" {{{{gateway}}}}{one.path.split('{')[0]}" in text for one in OPERATIONS)
        assert len(walk["item"]) == len(WALK)
        assert sum(len(folder["item"]) for folder in rest) == len(OPERATIONS)

    def test_leave_no_place_open_but_the_password(self):
        text = http_file(OPERATIONS)
        kept = {name for step in WALK for name in step.keeps}

        assert not [name for name in kept if f"{{{{{name}}}}}" in text]
