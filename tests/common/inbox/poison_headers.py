"""Envelopes that are not ours, and keys that are not the stream: CloudEvents 1.0, Kafka binding."""

from collections.abc import Callable, Iterator
from uuid import UUID

from common.ids import uuid7
from tests.common.inbox.poison_record import Kind, with_header

NEEDED = (
    *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject"),
    *("ce_time", "ce_partitionkey", "ce_sequence", "ce_correlationid", "ce_actor"),
)
_BAD_HEADERS = {
    "empty": b"",
    "null": None,
    "not UTF-8": b"\xff\xfe",
    "too long": b"x" * 513,
    "with a newline": b"a\nb",
    "with a NUL": b"a\x00b",
    "with a text turned around": "a\u202eb".encode(),
    "of spaces that do not show": "\u200b".encode(),
}
_BAD_VALUES = {
    "ce_specversion": ["0.3", "1", "1.00", "2.0", "1.0 ", "one"],
    "ce_id": [
        "x",
        "1",
        "0" * 32,
        "{01900000-0000-7000-8000-00000000a11c}",
        "urn:uuid:" + "0" * 32,
        "01900000-0000-7000-8000-00000000A11C",
        "01900000-0000-7000-8000-00000000a11",
    ],
    "ce_source": ["/strangers", "/transactions", "users", "/users/", "/Users", "//users"],
    "ce_type": [
        "transaction_created.v0",
        "transaction_created.v2",
        "transaction_created.v10",
        "transaction_created.v1.1",
        "transaction_created.v",
        "transaction_created.v01",
        "transaction_created.v-1",
        "user_registered.v1",
        "user_activated.v1",
    ],
    "ce_time": [
        "yesterday",
        "2026-01-02T12:00:00",
        "2026-13-02T12:00:00Z",
        "1767355200",
        "12:00Z",
        "2026-01-02T12:00:00+99:00",
        "99999-01-01T00:00:00Z",
    ],
    "ce_partitionkey": ["x", "01900000-0000-7000-8000-00000000ffff", "0" * 32],
    "ce_sequence": [
        "0",
        "-1",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "1_0",
        "0x1",
        "one",
        "٣",
        "\uff11",
        "1" * 19,
        "NaN",
        "²",
    ],
}


def headers() -> Iterator[Kind]:
    yield Kind("headers: none", lambda raw: raw._replace(headers=[]))
    for name in NEEDED:
        yield Kind(f"{name}: missing", lambda raw, n=name: with_header(raw, n))
        yield Kind(
            f"{name}: twice", lambda raw, n=name: raw._replace(headers=[*raw.headers, (n, b"1.0")])
        )
        for what, value in _BAD_HEADERS.items():
            yield Kind(f"{name}: {what}", lambda raw, n=name, v=value: with_header(raw, n, v))
    for name, values in _BAD_VALUES.items():
        for value in values:
            yield Kind(
                f"{name}: {value[:40]!r}",
                lambda raw, n=name, v=value: with_header(raw, n, v.encode()),
            )
    for what in ("null", "not UTF-8", "too long", "with a NUL"):
        for name in ("ce_causationid", "traceparent", "ce_something"):
            yield Kind(
                f"{name}: {what}", lambda raw, n=name, w=what: with_header(raw, n, _BAD_HEADERS[w])
            )


def keys() -> Iterator[Kind]:
    changes: dict[str, Callable[[bytes], bytes | None]] = {
        "null": lambda _: None,
        "empty": lambda _: b"",
        "in capitals": lambda key: key.upper().replace(b"-", b"_"),
        "with a newline": lambda key: key + b"\n",
        "with a space before": lambda key: b" " + key,
        "without hyphens": lambda key: key.replace(b"-", b""),
        "the bytes of the id": lambda key: UUID(key.decode()).bytes,
        "of somebody else": lambda _: str(uuid7()).encode(),
        "a number": lambda _: b"7",
        "not UTF-8": lambda _: b"\xff",
        "in quotes": lambda key: b'"' + key + b'"',
        "long": lambda key: key * 100,
    }
    for name, change in changes.items():
        yield Kind(f"key: {name}", lambda raw, c=change: raw._replace(key=c(raw.key)))
