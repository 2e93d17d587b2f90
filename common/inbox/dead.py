"""Step 8 of the road: the rows of what is dead. The row comes first, its topic after."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from common.inbox.arrival import Arrival, Poison
from common.inbox.letters import DeadRow, letters_append
from common.inbox.models import InboxWaiting
from common.inbox.records import ARRAYS, COLUMNS, ROWS_AT_ONCE, columns_of

_REASON_MAX = 2000

# A record that is stored already stays as it is: reading again is harmless. Only an event that
# staff took for rubbish, or that waited, can come again and fail, and then it is dead.
_INSERT = f"""
INSERT INTO inbox_waiting AS kept (consumer, state, error_class, attempts, error, {COLUMNS})
SELECT %s, 'dead', %s, %s, new.*
FROM unnest(%s::text[], {ARRAYS}) AS new (error, {COLUMNS})
ON CONFLICT (consumer, fingerprint) DO UPDATE
SET state = 'dead', error_class = excluded.error_class, error = excluded.error,
    attempts = kept.attempts + excluded.attempts
WHERE kept.state <> 'dead' AND kept.fingerprint LIKE 'event:%%'
RETURNING fingerprint, id, attempts
"""  # noqa: S608  names of columns of ours


def dead_store(
    *,
    consumer: str,
    dead: Sequence[Arrival | Poison],
    error_class: InboxWaiting.ErrorClass,
    error: str = "",
    attempts: int = 1,
) -> list[Arrival | Poison]:
    """
    Keep what cannot be applied, exactly once each, with its bytes and the reason.

    Returns what was not dead before. Each row goes to the dead letter topic once, by the
    outbox, in the caller's transaction. A row that waited becomes a dead one in place. `error`
    is for arrivals; a poison carries its own reason.
    """
    if not dead:
        return []
    rows: list[DeadRow] = []
    fresh = list({item.fingerprint: item for item in dead if item.row_id is None}.values())
    for start in range(0, len(fresh), ROWS_AT_ONCE):
        part = fresh[start : start + ROWS_AT_ONCE]
        rows += _insert(consumer, part, error_class, error, attempts)
    for item in dead:
        if item.row_id is not None:
            rows += _bury(item, item.row_id, error_class, error, attempts)
    letters_append(
        consumer=consumer,
        error_class=error_class,
        rows=[row for row in rows if row.attempts == attempts],
    )
    return [row.item for row in rows]


def storable(reason: str) -> str:
    """A reason as PostgreSQL takes it; it may quote what came in, NUL and surrogates included."""
    text = reason.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")
    return text[:_REASON_MAX]


def _insert(
    consumer: str,
    items: Sequence[Arrival | Poison],
    error_class: InboxWaiting.ErrorClass,
    error: str,
    attempts: int,
) -> list[DeadRow]:
    given = {item.fingerprint: (item, _reason(item, error)) for item in items}
    reasons = [reason for _, reason in given.values()]
    columns = map(list, zip(*map(columns_of, items), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [consumer, error_class, attempts, reasons, *columns])
        found = cursor.fetchall()
    return [
        DeadRow(given[fingerprint][0], row_id, given[fingerprint][1], total)
        for fingerprint, row_id, total in found
    ]


def _bury(
    item: Arrival | Poison,
    row_id: int,
    error_class: InboxWaiting.ErrorClass,
    error: str,
    attempts: int,
) -> list[DeadRow]:
    reason = _reason(item, error)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_waiting"
            " SET state = 'dead', error_class = %s, error = %s, attempts = attempts + %s"
            " WHERE id = %s AND state <> 'dead' RETURNING attempts",
            [error_class, reason, attempts, row_id],
        )
        found: tuple[Any, ...] | None = cursor.fetchone()
    return [] if found is None else [DeadRow(item, row_id, reason, found[0])]


def _reason(item: Arrival | Poison, error: str) -> str:
    return storable(item.reason if isinstance(item, Poison) else error)
