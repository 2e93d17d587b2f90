"""Requests that wait for their outcome, counted where somebody looks."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from common.hourly.selectors import Count, Unit

COUNTED_MAX = 50_000
"""More are not counted: so many wait only while the ledger is away."""


class Pending(NamedTuple):
    """
    How many wait, the one that waits longest, and all of them by when they were accepted.

    `more` says that there are others.
    """

    number: int
    oldest_at: datetime | None
    counts: Sequence[Count]
    more: bool


def pending_read(*, unit: Unit) -> Pending:
    """Count what waits; reads the index of pending requests, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT date_trunc(%s, accepted_at, 'UTC'), currency, count(*), sum(amount),
                min(accepted_at)
            FROM (
                SELECT accepted_at, currency, amount FROM transaction_request
                WHERE status = 'pending' ORDER BY id LIMIT %s
            ) AS waiting
            GROUP BY 1, 2
            """,
            [unit, COUNTED_MAX],
        )
        rows = cursor.fetchall()
    number = sum(row[2] for row in rows)
    counts = [Count("requests", at, cur, "pending", n, int(total)) for at, cur, n, total, _ in rows]
    return Pending(
        number, min((row[4] for row in rows), default=None), counts, number >= COUNTED_MAX
    )
