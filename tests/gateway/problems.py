"""What every answer of the gateway itself looks like."""

import uuid

from tests.gateway.wire import Answer

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}


def assert_problem(answer: Answer, *, status: int, code: str, instance: str | None = None) -> None:
    """RFC 9457 with the members of the project's catalogue, and one id for body and header."""
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/problem+json"
    problem = answer.json()
    assert set(problem) == MEMBERS
    assert (problem["status"], problem["code"], problem["errors"]) == (status, code, [])
    assert problem["type"] == f"urn:notion-api:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert str(uuid.UUID(problem["request_id"])) == problem["request_id"]
    assert answer.header("x-request-id") == problem["request_id"]
    if instance is not None:
        assert problem["instance"] == instance
    assert_safe_headers(answer)


def assert_safe_headers(answer: Answer) -> None:
    """Headers for browsers are there, and nothing says what software answers."""
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"
    assert answer.header("cache-control")
    names = {name for name, _ in answer.headers}
    assert not names & {"server", "x-powered-by", "via", "set-cookie"}
    assert not any(name.startswith("x-envoy-") for name in names)
