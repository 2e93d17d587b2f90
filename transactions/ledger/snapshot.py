"""Reading the books as they are at one moment, row by row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

_ROWS = 2_000


@contextmanager
def snapshot() -> Iterator[None]:
    """
    Show every statement within the same moment, however long it takes; nothing can be written.

    It is the outermost transaction and holds back vacuum until it ends.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # The role's bound is for who may hold locks; a large ledger takes many minutes.
            cursor.execute("SET LOCAL transaction_timeout = 0")
        yield


def rows_streamed(query: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a query in constant memory, by a cursor of the server; within `snapshot`."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_ROWS):
            yield from rows


def rows_read(query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query that has few."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
