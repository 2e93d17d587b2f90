"""Dead letters by what they died of: what staff mend is a cause, not a letter."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from common.inbox.models import InboxWaiting
from common.inbox.selection import BEHIND_MANY, Letters

CAUSES_MAX = 100
"""Causes that are told apart at most; the largest come first."""

LETTERS_READ_MAX = 10_000
"""Letters that are looked at, the newest; a page must not read a table of any size."""

_WAITING_READ_MAX = 50_000


class Cause(NamedTuple):
    """
    Why letters are dead, as far as it is the same for many.

    `error_kind` is the error's text without the numbers and ids in it.
    """

    error_class: str
    type: str
    error_kind: str


class CauseGroup(NamedTuple):
    """
    The dead letters of one cause.

    `streams` are blocked by them, and `behind` events wait in these; of each stream no more than
    one over `BEHIND_MANY` is counted. `held_long` streams have over `BEHIND_MANY`.
    """

    cause: Cause
    letters: int
    oldest_at: datetime
    newest_at: datetime
    newest_id: int
    streams: int
    behind: int
    held_long: int


_GROUPS = """
WITH letters AS MATERIALIZED (
    SELECT id, error_class, type, error_kind, stream, received_at FROM inbox_waiting
    WHERE consumer = %(consumer)s AND state = 'dead' {narrowed}
    ORDER BY id DESC LIMIT %(letters_max)s
), held AS MATERIALIZED (
    SELECT stream, count(*) AS behind FROM (
        SELECT blocked.stream
        FROM (SELECT DISTINCT stream FROM letters WHERE stream IS NOT NULL) AS blocked
        CROSS JOIN LATERAL (
            SELECT FROM inbox_waiting AS waiting
            WHERE waiting.consumer = %(consumer)s AND waiting.state = 'waiting'
                AND waiting.stream = blocked.stream
            LIMIT %(behind_max)s
        ) AS behind
        LIMIT %(waiting_max)s
    ) AS waiting GROUP BY stream
), places AS (
    SELECT error_class, type, error_kind, stream, count(*) AS letters,
        min(received_at) AS oldest_at, max(received_at) AS newest_at, max(id) AS newest_id
    FROM letters GROUP BY error_class, type, error_kind, stream
)
SELECT error_class, type, error_kind, sum(letters)::bigint, min(oldest_at), max(newest_at),
    max(newest_id), count(stream), coalesce(sum(behind), 0)::bigint,
    count(*) FILTER (WHERE behind > %(many)s)
FROM places LEFT JOIN held USING (stream)
GROUP BY error_class, type, error_kind
ORDER BY 4 DESC, error_class, type, error_kind
LIMIT %(causes_max)s
"""

_OF_ONE = "AND error_class = %(error_class)s AND type = %(type)s AND error_kind = %(error_kind)s"


def causes_read(*, consumer: str) -> list[CauseGroup]:
    """The causes of the newest letters, those with most letters first."""
    return _groups(consumer, "", {})


def cause_read(*, consumer: str, cause: Cause) -> CauseGroup | None:
    """The letters of one cause, None without any."""
    return next(iter(_groups(consumer, _OF_ONE, cause._asdict())), None)


def cause_letters(*, consumer: str, cause: Cause) -> Letters:
    """The dead letters of one cause, in no order."""
    return InboxWaiting.objects.filter(
        consumer=consumer, state=InboxWaiting.State.DEAD, **cause._asdict()
    )


def cause_of(letter: InboxWaiting) -> Cause:
    """What a letter died of."""
    return Cause(letter.error_class, letter.type, letter.error_kind)


def _groups(consumer: str, narrowed: str, more: dict[str, str]) -> list[CauseGroup]:
    parameters: dict[str, Any] = {
        "consumer": consumer,
        "letters_max": LETTERS_READ_MAX,
        "waiting_max": _WAITING_READ_MAX,
        "behind_max": BEHIND_MANY + 1,
        "many": BEHIND_MANY,
        "causes_max": CAUSES_MAX,
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS.format(narrowed=narrowed), parameters)
        return [CauseGroup(Cause(*row[:3]), *row[3:]) for row in cursor.fetchall()]
