"""Many new rows of a table in one statement."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from psycopg import sql

from common.ahead import ahead

_ENCODER = msgspec.json.Encoder()
_STATEMENT = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL 'null', QUOTE '\"', ESCAPE '\\')")

# What JSON escapes and CSV does not know. A backslash of ours before such a letter looks the
# same, and costs a moment.
_OTHER_ESCAPE = re.compile(rb"\\[bfnrtu]")

_ROWS_AT_ONCE = 200
"""The database takes rows in while those behind them are still being made."""

_Lines = tuple[sql.Composed, bytes]
"""A statement that copies, and some lines for it."""


class NewRows(NamedTuple):
    """
    Rows to add to a table, in this order.

    A value is an id, a number, a moment, a text or None; bytes are given as `bytea_of` or
    `bytea_of_text`.
    """

    table: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


def rows_copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows to a table, in the caller's transaction. Errors of the database are Django's."""
    _copy_each(_lines_of([NewRows(table, columns, rows)]))


def tables_copy(tables: Iterable[NewRows], *, many: bool) -> None:
    """
    Add rows to some tables, one table after the other, in the caller's transaction.

    Where they are `many`, they are made on another thread, while the database takes in those
    before them: `tables` and their rows are iterated over there, and must not ask the database.
    Errors of the database are Django's, those of making rows are raised as they are.
    """
    if not many:
        _copy_each(_lines_of(tables))
        return
    with ahead(_lines_of(tables)) as made:
        _copy_each(made)


def bytea_of(raw: bytes) -> str:
    """Bytes as a text that the database reads as bytes."""
    return f"\\x{raw.hex()}"


def bytea_of_text(raw: bytes) -> str:
    """Bytes that are a text without NUL, at little more than their own length."""
    return raw.decode().replace("\\", "\\\\")


def _copy_each(made: Iterable[_Lines]) -> None:
    # Django does not translate the errors of COPY by itself, and whoever retries looks for
    # Django's.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        for statement, lines in groupby(made, key=itemgetter(0)):
            with cursor.copy(statement) as copy:
                for _, some in lines:
                    copy.write(some)


def _lines_of(tables: Iterable[NewRows]) -> Iterator[_Lines]:
    for table, columns, rows in tables:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = _STATEMENT.format(sql.Identifier(table), names)
        left = iter(rows)
        while chunk := list(islice(left, _ROWS_AT_ONCE)):
            yield statement, _lines(chunk)


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
