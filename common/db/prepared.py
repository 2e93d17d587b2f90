"""Statements that PostgreSQL plans once for each connection."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def prepared_row(statement: str, parameters: Mapping[str, str | None]) -> tuple[Any, ...] | None:
    """The first row of the result of `prepared_rows`."""
    rows = prepared_rows(statement, parameters)
    return rows[0] if rows else None


def prepared_rows(statement: str, parameters: Mapping[str, str | None]) -> list[tuple[Any, ...]]:
    """
    Execute a prepared statement; the rows of its result.

    Every parameter is a text or None, and the statement casts it: types are a part of what is
    prepared. Under 4,096 characters and 50 parameters, or psycopg would read the statement anew
    each time. In a transaction of the caller's or of its own. Errors of the database are Django's.
    """
    connection.ensure_connection()
    # Django's own cursors write parameters into the text, so nothing could be prepared.
    with (
        connection.wrap_database_errors,
        psycopg.Cursor[tuple[Any, ...]](connection.connection) as cursor,
    ):
        return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()
