"""Many new rows of a table in one statement."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
from django.db import connection
from psycopg import sql

_ENCODER = msgspec.json.Encoder()
_STATEMENT = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL 'null', QUOTE '\"', ESCAPE '\\')")

# What JSON escapes and CSV does not know. A backslash of ours before such a letter looks the
# same, and costs a moment.
_OTHER_ESCAPE = re.compile(rb"\\[bfnrtu]")

_ROWS_AT_ONCE = 200
"""The database takes rows in while those behind them are still being made."""


def rows_copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """
    Add rows to a table, in the caller's transaction and in the order given.

    A value is an id, a number, a moment, a text or None; bytes are given as `bytea_of` or
    `bytea_of_text`. Errors of the database are Django's.
    """
    left = iter(rows)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    # Django does not translate the errors of COPY by itself, and whoever retries looks for
    # Django's.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_STATEMENT.format(sql.Identifier(table), names)) as copy,
    ):
        while chunk := list(islice(left, _ROWS_AT_ONCE)):
            copy.write(_lines(chunk))


def bytea_of(raw: bytes) -> str:
    """Bytes as a text that the database reads as bytes."""
    return f"\\x{raw.hex()}"


def bytea_of_text(raw: bytes) -> str:
    """Bytes that are a text without NUL, at little more than their own length."""
    return raw.decode().replace("\\", "\\\\")


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    # Note [Rows as JSON]: without its brackets, a list of JSON is a line of CSV, as long as
    # nothing but quotes and backslashes is escaped in it. msgspec writes it in a tenth of the
    # time that the driver takes to write a row.
    lines = _ENCODER.encode_lines(rows)
    if _OTHER_ESCAPE.search(lines):
        return b"".join(map(_line, rows))
    return lines[1:-2].replace(b"]\n[", b"\n") + b"\n"


def _line(row: Sequence[Any]) -> bytes:
    """One line of CSV, whatever is in its texts."""
    return b",".join(map(_value, row)) + b"\n"


def _value(value: Any) -> bytes:
    if not isinstance(value, str):
        return _ENCODER.encode(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.encode()
