"""How much waits in the outbox."""

from typing import NamedTuple

from django.db import connection


class Backlog(NamedTuple):
    """
    Events that are not published yet; the oldest one's age in seconds, None without any.

    `parked` of them belong to streams that the broker refused for good.
    """

    pending: int
    oldest_age_s: float | None
    parked: int


def outbox_backlog() -> Backlog:
    """Count what waits to be published; reads the index of unpublished rows only."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*),
                extract(epoch FROM clock_timestamp() - min(occurred_at))::float,
                count(*) FILTER (WHERE stream IN
                    (SELECT stream FROM outbox_stream WHERE blocked_reason <> ''))
            FROM outbox_message WHERE published_at IS NULL
            """
        )
        pending, age, parked = cursor.fetchone()
    return Backlog(pending, None if age is None else round(max(age, 0.0), 3), parked)
