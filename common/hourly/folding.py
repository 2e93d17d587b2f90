"""Adds tallies to figures, and makes figures anew from what they are about."""

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

TALLIES_AT_ONCE = 20_000

# Whoever folds, and whoever makes figures anew, is alone; the key is only this project's.
_LOCK = 7_305_517_284_402

_FOLD = """
WITH taken AS (
    DELETE FROM hourly_tally WHERE id IN (SELECT id FROM hourly_tally ORDER BY id LIMIT %s)
    RETURNING series, hour, currency, label, number, amount
), folded AS (
    INSERT INTO hourly_figure (series, hour, currency, label, number, amount)
    SELECT series, hour, currency, label, sum(number), sum(amount) FROM taken GROUP BY 1, 2, 3, 4
    ON CONFLICT (series, hour, currency, label) DO UPDATE
    SET number = hourly_figure.number + excluded.number,
        amount = hourly_figure.amount + excluded.amount
)
SELECT count(*) FROM taken
"""

_NOTE_TIME = """
INSERT INTO hourly_folding (id, folded_at) VALUES (1, now())
ON CONFLICT (id) DO UPDATE SET folded_at = excluded.folded_at
"""


def tallies_fold(*, at_once: int = TALLIES_AT_ONCE) -> int:
    """
    Add every tally to its figure, in transactions of `at_once`; how many there were.

    Stopped half-way, the next run goes on. None as well when somebody else is at it.
    """
    total = 0
    while True:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return total
            cursor.execute(_FOLD, [at_once])
            folded: int = cursor.fetchone()[0]
            if folded < at_once:
                # What was committed before this transaction began is in the figures now.
                cursor.execute(_NOTE_TIME)
        total += folded
        if folded < at_once:
            return total


def figures_rebuild() -> int:
    """
    Make all figures anew from the service's tables, which it reads whole; how many there are.

    The services go on meanwhile: a tally and what it counts commit together, so a snapshot has
    both or neither. Waits for a fold that is under way.
    """
    sources: list[str] = import_string(settings.HOURLY_SOURCES)
    with connection.cursor() as cursor:
        # Before the snapshot, or what a fold has just removed would be removed once more.
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            with transaction.atomic(durable=True):
                return _rebuild(sources)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _rebuild(sources: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("DELETE FROM hourly_tally")
        cursor.execute("DELETE FROM hourly_figure")
        made = 0
        for source in sources:
            cursor.execute(
                "INSERT INTO hourly_figure (series, hour, currency, label, number, amount)"
                f" {source}"
            )
            made += cursor.rowcount
        cursor.execute(_NOTE_TIME)
    return made
