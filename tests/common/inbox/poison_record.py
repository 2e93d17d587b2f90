"""A record as bytes, good or to be broken; plain Python."""

import json
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from common.events.contracts import UserRegisteredV1
from tests.factories.events import NOON, outgoing, transaction_created

Headers = list[tuple[str, bytes | None]]


class Raw(NamedTuple):
    """A record to send as it is."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class Kind(NamedTuple):
    """One way to be broken; `make` breaks a good record."""

    name: str
    make: Callable[[Raw], Raw]


def good_record(stream: UUID, sequence: int) -> Raw:
    """An event that every consumer of users.events can apply, and that moves no money."""
    event = UserRegisteredV1(user_id=stream, status="active", registered_at=NOON)
    return _raw(outgoing(event, stream=stream, sequence=sequence))


def request_record(stream: UUID) -> Raw:
    """The event of a request, the first of its stream; what the kinds break."""
    event = transaction_created(reference="lunch", description="two soups", metadata={"a": "b"})
    return _raw(outgoing(event, stream=stream, sequence=1))


def _raw(sent) -> Raw:
    return Raw(sent.key, sent.value, list(sent.headers))


def with_document(raw: Raw, changed=None, *, drop: str = "", rename: str = "") -> Raw:
    document = json.loads(raw.value) | (changed or {})
    document.pop(drop, None)
    if rename:
        document[rename.upper()] = document.pop(rename)
    return raw._replace(value=json.dumps(document).encode())


def with_header(raw: Raw, name: str, *values: bytes | None) -> Raw:
    others = [header for header in raw.headers if header[0] != name]
    return raw._replace(headers=[*others, *((name, value) for value in values)])
