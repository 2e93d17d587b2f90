"""Data that are not strict JSON, or not text that can be stored: RFC 8259 and RFC 3629."""

from collections.abc import Iterator

from common.events.codec import SIZE_MAX
from common.ids import uuid7
from tests.common.inbox.poison_record import Kind, Raw, request_record


def _value(name: str, value: bytes | None) -> Kind:
    return Kind(f"value: {name}", lambda raw: raw._replace(value=value))


_NOT_JSON = {
    "a tombstone": None,
    "empty": b"",
    "blank": b" \n\t ",
    "a word": b"hello",
    "a BOM alone": b"\xef\xbb\xbf",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without BOM": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "zeros": b"\x00" * 64,
    "a lone continuation byte": b'{"a": "\x80"}',
    "an overlong slash": b'{"a": "\xc0\xaf"}',
    "an overlong NUL": b'{"a": "\xc0\x80"}',
    "an overlong of three bytes": b'{"a": "\xe0\x80\xaf"}',
    "an encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "a pair of encoded surrogates": b'{"a": "\xed\xa0\x80\xed\xb0\x80"}',
    "beyond Unicode": b'{"a": "\xf4\x90\x80\x80"}',
    "five bytes": b'{"a": "\xf8\x88\x80\x80\x80"}',
    "FE": b'{"a": "\xfe"}',
    "FF": b'{"a": "\xff"}',
    "half a character at the end": b'{"a": "\xe2\x82',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "nan": b"nan",
    "a literal in capitals": b"TRUE",
    "single quotes": b"{'a': 1}",
    "an unquoted key": b"{a: 1}",
    "a comment": b'{"a": 1 /* one */}',
    "a line comment": b'{"a": 1} // one',
    "a comma too many": b'{"a": 1,}',
    "a comma too many in a list": b"[1,]",
    "a comma missing": b'{"a": 1 "b": 2}',
    "a colon missing": b'{"a" 1}',
    "two documents": b"{} {}",
    "two lines": b"{}\n{}",
    "a bracket too many": b"{}}",
    "the wrong bracket": b'{"a": [1}',
    "a leading zero": b'{"a": 01}',
    "a plus": b'{"a": +1}',
    "a point without digits": b'{"a": 1.}',
    "digits without a point": b'{"a": .5}',
    "an exponent without digits": b'{"a": 1e}',
    "a hexadecimal number": b'{"a": 0x10}',
    "an underscore in a number": b'{"a": 1_000}',
    "a raw newline in a text": b'{"a": "b\nc"}',
    "a raw NUL in a text": b'{"a": "b\x00c"}',
    "a raw tab in a text": b'{"a": "b\tc"}',
    "an unknown escape": b'{"a": "\\x41"}',
    "half an escape": b'{"a": "\\u12"}',
    "a text without end": b'{"a": "b',
    "a number as key": b"{1: 2}",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"text"',
    "a list": b"[]",
    "an empty object": b"{}",
    "a list of objects": b"[{}]",
    "lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "lists without end": b"[" * 100_000,
    "objects in objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "a few too many levels": b"[" * 1500 + b"]" * 1500,
    "5,000 digits": b'{"amount": ' + b"9" * 5000 + b"}",
    "1e999": b'{"amount": 1e999}',
    "XML": b"<event/>",
    "YAML": b"a: 1",
    "form data": b"a=1&b=2",
    "a pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94.",
    "protobuf": b"\x08\x96\x01",
    "an Avro header": b"Obj\x01\x04\x14avro.codec",
    "CRLF": b"\r\n",
}


def values() -> Iterator[Kind]:
    for name, value in _NOT_JSON.items():
        yield _value(name, value)
    yield Kind(
        "value: a BOM before it", lambda raw: raw._replace(value=b"\xef\xbb\xbf" + raw.value)
    )
    yield Kind("value: a NUL behind it", lambda raw: raw._replace(value=raw.value + b"\x00"))
    yield Kind("value: it twice", lambda raw: raw._replace(value=raw.value * 2))
    for size in (SIZE_MAX + 1, 64 * 1024, 200 * 1024):
        yield Kind(
            f"value: {size} bytes", lambda raw, n=size: raw._replace(value=raw.value.ljust(n))
        )
    yield Kind("value: a member twice", lambda raw: _spliced(raw, b'"amount":1,'))
    yield Kind("value: the same member twice", lambda raw: _spliced(raw, b'"amount":250,'))
    yield Kind(
        "value: an inner member twice", lambda raw: _spliced(raw, b'"metadata":{"a":"","a":""},')
    )


def _spliced(raw: Raw, member: bytes) -> Raw:
    return raw._replace(value=b"{" + member + raw.value[1:])


def cut_short() -> Iterator[Kind]:
    """The data end too early, at every fifteenth byte."""
    length = len(request_record(uuid7()).value)
    for at in range(1, length, 15):
        yield Kind(f"value: cut at {at}", lambda raw, n=at: raw._replace(value=raw.value[:n]))


_BAD_TEXTS = {
    "an escaped NUL": b"\\u0000",
    "a high surrogate alone": b"\\ud800",
    "a low surrogate alone": b"\\udc00",
    "surrogates the wrong way round": b"\\udc00\\ud800",
}


def texts() -> Iterator[Kind]:
    for name, text in _BAD_TEXTS.items():
        for place in (b'"lunch"', b'"two soups"', b'"a"', b'"b"'):
            yield Kind(
                f"text: {name} in {place.decode()}",
                lambda raw, p=place, t=text: raw._replace(
                    value=raw.value.replace(p, p[:-1] + t + b'"')
                ),
            )
