"""What staff see of the outbox at a glance; every question reads a bounded number of rows."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from common.outbox.session import LOCK_KEY

WAITING_READ_MAX = 20_000
"""Unpublished rows that are looked at, the oldest."""

PARKED_MAX = 50
"""Parked streams that are named."""

_PUBLISHED_READ_MAX = 1000


class TopicBacklog(NamedTuple):
    """What waits for a topic, and since when."""

    topic: str
    waiting: int
    oldest_at: datetime


class ParkedStream(NamedTuple):
    """A stream whose next event the broker refused for good, and why."""

    stream: UUID
    reason: str
    last_sequence: int


class Publisher(NamedTuple):
    """A session of a publisher: its process, since when, and whether it holds the lock now."""

    name: str
    since: datetime
    active_at: datetime
    working: bool


class Overview(NamedTuple):
    """
    The outbox of this service; `by_topic` is of the oldest `WAITING_READ_MAX` rows.

    `published_at` is when the last event left, None when none of the newest thousand did.
    """

    by_topic: list[TopicBacklog]
    parked: list[ParkedStream]
    publishers: list[Publisher]
    published_at: datetime | None

    @property
    def waiting(self) -> int:
        """How many events wait, as far as they were looked at."""
        return sum(one.waiting for one in self.by_topic)

    @property
    def is_whole(self) -> bool:
        """Whether everything that waits was looked at."""
        return self.waiting < WAITING_READ_MAX

    @property
    def oldest_at(self) -> datetime | None:
        """Since when the oldest event waits."""
        return min((one.oldest_at for one in self.by_topic), default=None)


def outbox_overview() -> Overview:
    """Look at the outbox, with four statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT topic, count(*), min(occurred_at) FROM (
                SELECT topic, occurred_at FROM outbox_message
                WHERE published_at IS NULL ORDER BY position LIMIT %s
            ) AS waiting GROUP BY topic ORDER BY topic
            """,
            [WAITING_READ_MAX],
        )
        by_topic = [TopicBacklog(*row) for row in cursor.fetchall()]
        cursor.execute(
            """
            SELECT stream, blocked_reason, last_sequence FROM outbox_stream
            WHERE blocked_reason <> '' ORDER BY stream LIMIT %s
            """,
            [PARKED_MAX],
        )
        parked = [ParkedStream(*row) for row in cursor.fetchall()]
        cursor.execute(
            """
            SELECT max(published_at) FROM (
                SELECT published_at FROM outbox_message ORDER BY position DESC LIMIT %s
            ) AS newest
            """,
            [_PUBLISHED_READ_MAX],
        )
        (published_at,) = cursor.fetchone()
    return Overview(by_topic, parked, _publishers(), published_at)


def _publishers() -> list[Publisher]:
    """Who publishes: one of them at a time holds the lock, and the others stand by."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT split_part(session.application_name, ' ', 1), session.backend_start,
                coalesce(session.state_change, session.backend_start), held.pid IS NOT NULL
            FROM pg_stat_activity AS session
            LEFT JOIN (
                SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
                    AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = %s
            ) AS held USING (pid)
            WHERE session.datname = current_database() AND session.application_name LIKE %s
            ORDER BY 4 DESC, 1, session.pid
            """,
            [LOCK_KEY, "% publisher"],
        )
        return [Publisher(*row) for row in cursor.fetchall()]
