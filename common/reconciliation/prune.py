"""Remove published events that the other service has applied long ago, and old letters."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

BATCH = 2000

# Note [What may go]: the conditions stand in the DELETE itself, so that a row that is being sent
# again at this moment is looked at once more when its lock is free. A forked stream is evidence.
_MAY_GO = """
    theirs.stream = message.stream AND message.sequence <= theirs.sequence
        AND theirs.verdict <> 'forked'
        AND message.published_at < %(before)s
        AND message.position > %(floor)s AND message.position <= %(ceiling)s
"""
_LETTER_MAY_GO = """
    message.stream IS NULL AND message.published_at < %(before)s
        AND message.position > %(floor)s AND message.position <= %(ceiling)s
"""
_DELETE = f"DELETE FROM outbox_message AS message USING peer_cursor AS theirs WHERE {_MAY_GO}"  # noqa: S608  our own words
_DELETE_LETTERS = f"DELETE FROM outbox_message AS message WHERE {_LETTER_MAY_GO}"  # noqa: S608  as above
_COUNT = f"SELECT count(*) FROM outbox_message AS message, peer_cursor AS theirs WHERE {_MAY_GO}"  # noqa: S608  as above
_COUNT_LETTERS = f"SELECT count(*) FROM outbox_message AS message WHERE {_LETTER_MAY_GO}"  # noqa: S608  as above


def outbox_prune(
    *,
    before: datetime,
    dry_run: bool = False,
    rows_max: int | None = None,
    on_batch: Callable[[int], None] = lambda _: None,
) -> int:
    """
    Delete events that were published before a time and lie at or below the peer's last cursor.

    Letters, which nobody's cursor waits for, go by their age alone; their rows in the inbox stay.
    In short transactions, oldest first; safe beside appends, publishers and itself. Stops after
    about `rows_max` rows. Returns how many went, or with `dry_run` how many would. `on_batch` is
    told of each batch.
    """
    removed, floor = 0, 0
    while rows_max is None or removed < rows_max:
        window = _window(floor, before)
        if window is None:
            break
        ceiling, has_old = window
        gone = _remove(floor, ceiling, before, dry_run=dry_run) if has_old else 0
        removed += gone
        on_batch(gone)
        if not has_old:
            break
        floor = ceiling
    return removed


def _window(floor: int, before: datetime) -> tuple[int, bool] | None:
    """The last position of the next rows, and whether any of them happened before the time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT max(position), bool_or(occurred_at < %s) FROM (
                SELECT position, occurred_at FROM outbox_message
                WHERE position > %s ORDER BY position LIMIT %s
            ) AS next_rows
            """,
            [before, floor, BATCH],
        )
        ceiling, has_old = cursor.fetchone()
    return None if ceiling is None else (ceiling, has_old)


def _remove(floor: int, ceiling: int, before: datetime, *, dry_run: bool) -> int:
    parameters: dict[str, datetime | int] = {"before": before, "floor": floor, "ceiling": ceiling}
    with connection.cursor() as cursor:
        if dry_run:
            return _counted(cursor, _COUNT, parameters) + _counted(
                cursor, _COUNT_LETTERS, parameters
            )
        cursor.execute(_DELETE, parameters)
        events: int = cursor.rowcount
        cursor.execute(_DELETE_LETTERS, parameters)
        return events + cursor.rowcount


def _counted(cursor: Any, statement: str, parameters: dict[str, datetime | int]) -> int:
    cursor.execute(statement, parameters)
    count: int = cursor.fetchone()[0]
    return count
