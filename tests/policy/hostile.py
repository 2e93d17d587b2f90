"""What no route takes, whatever it is for: bodies, types, texts, numbers and headers."""

from django.apps import apps

NOT_STRICT_JSON = [
    b"{", b"[", b'"', b"nul", b"{'a': 1}", b'{"a": 1,}', b"{} {}", b"{}x", b"\x00", b" ", b"\x1f{}",
    b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}", b"\xef\xbb\xbf{}", b"\x00\x00\x00{", b"+ADw-",
    b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": nan}', b'{"a": 1.0}',
    b'{"a": 0.1}', b'{"a": -0.0}', b'{"a": 1e3}', b'{"a": 1E3}', b'{"a": 1e400}', b'{"a": 01}',
    b'{"a": +1}', b'{"a": 0x10}', b'{"a": 1_000}', b'{"a": .5}', b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": 18446744073709551616}', b'{"a": -9223372036854775809}',
    b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}', b'{"a": [{"b": [{"c": 1, "c": 2}]}]}',
    b'{"a": 1, "\\u0061": 2}', b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"\\ud800": 1}',
    b'{"a": "\\u0000"}', b'{"\\u0000": 1}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\x80"}',
    b'{"a": "\xc3\x28"}', b'{"a": "\n"}', b'{"a": "\x00"}', b'{"a": "\\x"}', b"// x\n{}",
    b"[" * 30_000, b'{"a":' * 10_000, b'{"a": ' + b"[" * 17 + b"]" * 17 + b"}",
    b'{"a": ' + b'{"a": ' * 17 + b"1" + b"}" * 18,
]  # fmt: skip
"""400: each of them breaks one rule of the loader, and many are JSON to others."""

NOT_AN_OBJECT = [b"null", b"true", b"false", b"0", b"-1", b'"x"', b"[]", b"[{}]", b'[["a", 1]]']
"""400: strict JSON, but no object."""

NOT_JSON = [
    ("", b"{}"),
    ("text/plain", b"{}"),
    ("text/json", b"{}"),
    ("application/x-json", b"{}"),
    ("application/json+x", b"{}"),
    ("application/problem+json", b"{}"),
    ("application/merge-patch+json", b"{}"),
    ("application/xml", b"<a/>"),
    ("application/x-www-form-urlencoded", b"amount=1&kind=withdrawal"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'),
    ("multipart/form-data", b"--x"),
    ("application/octet-stream", b"\x00"),
    ("application/json; charset=utf-16", b"\xff\xfe{\x00}\x00"),
    ("application/json; charset=utf-16", b"{}"),
    ("application/json; charset=utf-7", b"{}"),
    ("application/json; charset=latin-1", b"{}"),
    ("application/json; charset=cp037", b"\xc0\xd0"),
    ("application/json; charset=zip", b"{}"),
    ("application/json, text/plain", b"{}"),
    ("not a type", b"{}"),
    ("*/*", b"{}"),
]
"""415: another type, or JSON in other letters."""

HIDDEN_TEXT = [
    *(f"a{character}b" for character in (
        "\n", "\r", "\t", "\x07", "\x1b", "\x7f", "\x85", "\x9b",
        "\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069",
        "\u00ad", "\u180e", "\u200b", "\u2028", "\u2029", "\u2060", "\u2064", "\ufeff", "\ufff9",
        "\U000e0041",
    )),
    "\u200b", "\ufeff",
]  # fmt: skip
"""Text with something in it that nobody sees."""

NOT_TEXT: list[object] = [0, 1, True, False, [], ["x"], {}, {"a": "b"}]

NOT_AN_AMOUNT: list[object] = [
    0, -0, -1, 2**53, 2**63 - 1, -(2**63), True, False, "1", "250", "", "1e3", "0x10", "\uff11",
    " 1", "1_000", "NaN", None, [], [1], {}, {"amount": 1},
]  # fmt: skip
"""Neither 1 to 2**53 - 1 nor a JSON integer."""

BAD_KEYS = ["", "x" * 256, "a\x7fb", "a\tb", "\u00e9", "\u200b", "a\u202eb", "k" * 9_000]
"""No idempotency keys."""

OVERRIDES = [
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-HTTP-Method": "PUT"},
    {"X-Method-Override": "PATCH"},
]

STRANGE_NAMES = [
    "", " ", "Amount", "amount ", "amount\u200b", "\ufeffamount", "amount[]", "amount.x", "a.b.c",
    "constructor", "__proto__", "__class__", "__init__", "pk", "is_staff", "is_superuser", "role",
    "balance", "sequence", "seq", "available", "_state", "user__email", "x" * 5000,
]  # fmt: skip


def names_of_fields() -> list[str]:
    """Every name by which a row of any table of the service could be written to."""
    fields = (field for model in apps.get_models() for field in model._meta.get_fields())
    names = {name for field in fields for name in (field.name, getattr(field, "attname", ""))}
    return sorted(names - {""})


def too_large(size_max: int = 64 * 1024) -> list[bytes]:
    """413: more bytes than that, of text, of space or of members."""
    return [
        b'{"a": "' + b"x" * size_max + b'"}',
        b" " * size_max + b"{}",
        b"[" + b"1," * (size_max // 2),
    ]
