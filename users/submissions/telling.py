"""Step 10 of the road: what a statement settles is told to everybody who waits for it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

CHANNEL = "transaction_outcome"
"""Where the ids of requests and commands are told at COMMIT, separated by spaces."""

_IDS_MAX = 200
"""Of 37 bytes each; PostgreSQL takes less than 8000 at once."""


def settle_and_tell(statement: str, parameters: Sequence[Any]) -> set[UUID]:
    """
    Run an UPDATE that returns ids, and tell those ids when the caller's transaction commits.

    Returns the ids. It is one statement, so telling costs no round trip of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH settled (id) AS ({statement})
            SELECT array_agg(id), pg_notify(%s, string_agg(id::text, ' '))
            FROM (SELECT id, (row_number() OVER () - 1) / %s AS part FROM settled) AS numbered
            GROUP BY part
            """,  # noqa: S608  a statement of ours
            [*parameters, CHANNEL, _IDS_MAX],
        )
        return {id_ for ids, _ in cursor.fetchall() for id_ in ids}
