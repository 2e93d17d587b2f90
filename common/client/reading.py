"""Reads answers into values."""

from typing import TypeVar

import httpx
import msgspec

from common.client.errors import AnswerUnreadable

Value = TypeVar("Value")


def read(answer: httpx.Response, kind: type[Value]) -> Value:
    """Read the JSON of an answer. Raises `AnswerUnreadable`."""
    return read_text(answer.content, kind)


def read_text(text: bytes | str, kind: type[Value]) -> Value:
    """Read JSON from inside of an answer. Raises as `read`."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerUnreadable(f"not what this API answers: {error}") from error
