"""
The strict JSON loader that the API and the consumer share.

Python's own loader accepts NaN, keeps the last of two equal keys and ends in RecursionError on
deep nesting; each of these is refused here with a message that quotes nothing of the input.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn

DEPTH_MAX = 16


class NotJson(ValueError):
    """The bytes are not the strict JSON we accept; the message says which rule they break."""


def strict_json_loads(raw: bytes, *, size_max: int) -> Any:
    """
    Parse JSON strictly.

    Floats are refused too: every number on our wire is an integer. Raises `NotJson` for
    anything over `size_max` bytes, not UTF-8, a byte order mark, NaN and infinities, numbers
    with a fraction or an exponent, integers over 64 bits, duplicate keys, NUL or a lone
    surrogate in a string, and nesting over 16 levels.
    """
    if len(raw) > size_max:
        raise NotJson("the body is too large")
    try:
        text = raw.decode("utf-8")
        document = _DECODER.decode(text)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("the body is not valid JSON") from None
    _check(document, depth=0)
    return document


def _refuse(reason: str) -> Callable[[str], NoReturn]:
    def refuse(_: str) -> NoReturn:
        raise NotJson(reason)

    return refuse


def _integer(digits: str) -> int:
    if len(digits) > 20:  # noqa: PLR2004  19 digits and a sign hold every 64-bit integer
        raise NotJson("a number is out of range")
    value = int(digits)
    if not -(2**63) <= value < 2**63:
        raise NotJson("a number is out of range")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise NotJson("an object has the same key twice")
    return document


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_refuse("numbers must be whole"),
    parse_int=_integer,
    parse_constant=_refuse("NaN and infinities are not JSON"),
)


def _check(value: Any, *, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise NotJson("the body is nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_text(key)
            _check(member, depth=depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth=depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise NotJson("a string contains NUL")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotJson("a string contains a lone surrogate") from None
