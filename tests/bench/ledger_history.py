"""A ledger with a past: what was decided for some people is multiplied, in sets."""

from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from tests.bench import ledger_databases as databases

_TABLES = ("ledger_transaction", "ledger_posting", "ledger_journal_entry", "ledger_account")
_ROWS_AT_ONCE = 300_000

# Ids of the past ascend as they would have, and lie before all that are made today.
_ID = "('00000000-0000-7000-8000-' || lpad(to_hex(k * 1000000 + sample.number), 12, '0'))::uuid"
_WHEN = "kept.recorded_at + k * interval '1 microsecond'"

# Whatever is not named is as in the row that is multiplied. Hashes are of the right size only.
_CHANGED: dict[str, dict[str, str]] = {
    "ledger_transaction": {"id": _ID, "recorded_at": _WHEN},
    "ledger_posting": {
        "transaction_id": _ID,
        "recorded_at": _WHEN,
        "balance_after": "kept.balance_after * (k + 1)",
    },
    "ledger_journal_entry": {"transaction_id": _ID, "recorded_at": _WHEN},
}
_KEY = {"ledger_transaction": "id"}

_TOTALS = """
UPDATE ledger_account SET debits_posted = debits_posted * (1 + %(copies)s),
    credits_posted = credits_posted * (1 + %(copies)s),
    last_recorded_at = last_recorded_at + %(copies)s * interval '1 microsecond'
"""


def multiply(database: str, *, postings: int) -> None:
    """
    Bring a ledger of deposits to so many postings: each happened again and again, until now.

    Balances after each and the totals of accounts are those that this gives. As the owner, with
    the triggers off, which would judge every set by itself.
    """
    with databases.connect(database) as connection:
        for table in _TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        connection.execute(
            "CREATE TEMPORARY TABLE sample AS SELECT id, row_number() OVER (ORDER BY id) AS number"
            " FROM ledger_transaction"
        )
        (sampled,) = connection.execute("SELECT count(*) FROM sample").fetchone()
        copies = postings // (2 * sampled) - 1
        for first, last in _spans(copies, _ROWS_AT_ONCE // sampled):
            for table, changed in _CHANGED.items():
                connection.execute(
                    _statement(connection, table, changed), {"first": first, "last": last}
                )
        connection.execute(_TOTALS, {"copies": copies})
        for table in _TABLES:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            connection.execute(f"VACUUM (ANALYZE) {table}")


def _spans(copies: int, at_once: int) -> Iterator[tuple[int, int]]:
    for first in range(1, copies + 1, at_once):
        yield first, min(first + at_once - 1, copies)


def _statement(
    connection: psycopg.Connection, table: str, changed: Mapping[str, str]
) -> sql.Composed:
    names = databases.columns_copied(connection, table)
    return sql.SQL(
        """
        INSERT INTO {table} ({names}) SELECT {values}
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS k
        CROSS JOIN sample JOIN {table} AS kept ON kept.{key} = sample.id
        """
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ".join(changed.get(name, f'kept."{name}"') for name in names)),
        key=sql.Identifier(_KEY.get(table, "transaction_id")),
    )
