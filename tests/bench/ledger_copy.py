"""
The yardstick: the rows that a consumer wrote, written once more by COPY and nothing else.

Into the same tables of another database, with their indexes, constraints and triggers, as the
same role, and in the same transactions: one for each batch of the consumer, one COPY for each
table of it. The bytes are ready before the clock starts. Accounts are there beforehand, and what
the consumer updates (cursors, balances, heads of streams) is not touched; so the one trigger that
wants balances to follow is off.
"""

import time
from collections import defaultdict

import psycopg
from psycopg import sql

from tests.bench import ledger_databases as databases

_TABLES = ("ledger_transaction", "ledger_posting", "ledger_journal_entry", "outbox_message")
_CHECKED = "ledger_transactions_written"
_AS_OPENED = {
    **dict.fromkeys(("debits_posted", "credits_posted", "debits_pending", "credits_pending"), "0"),
    "last_recorded_at": "NULL",
}

Batches = list[dict[str, bytes]]
"""For each transaction of the consumer the rows of each table, as COPY takes them."""


def copied_bare(source: str, target: str, *, events: int) -> float:
    """Write what is in `source` into the empty `target`; how many events a second."""
    with databases.connect(source) as connection:
        statements = {table: _copy_in(connection, table) for table in _TABLES}
        batches = _batches(connection)
        _accounts_open(connection, target)
    with databases.connect(target) as owner:
        owner.execute(f"ALTER TABLE {_CHECKED} DISABLE TRIGGER ledger_transaction_in_totals")
    with databases.connect(target, "app") as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        for batch in batches:
            with connection.transaction():
                for table, rows in batch.items():
                    with cursor.copy(statements[table]) as copy:
                        copy.write(rows)
        return events / (time.perf_counter() - began)


def _copy_in(connection: psycopg.Connection, table: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, databases.columns_copied(connection, table)))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)


def _batches(connection: psycopg.Connection) -> Batches:
    """Read all rows, by the transaction that wrote them and in the order of writing."""
    found: defaultdict[int, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for table in _TABLES:
        names = sql.SQL(", ").join(map(sql.Identifier, databases.columns_copied(connection, table)))
        statement = sql.SQL("COPY (SELECT xmin, {} FROM {}) TO STDOUT")
        with (
            connection.cursor() as cursor,
            cursor.copy(statement.format(names, sql.Identifier(table))) as copy,
        ):
            for line in copy:
                writer, _, row = bytes(line).partition(b"\t")
                found[int(writer)][table].append(row)
    return [
        {table: b"".join(rows) for table, rows in found[writer].items()} for writer in sorted(found)
    ]


def _accounts_open(connection: psycopg.Connection, target: str) -> None:
    """Open the same accounts in `target`, with nothing on them."""
    names = databases.columns_copied(connection, "ledger_account")
    values = sql.SQL(", ".join(_AS_OPENED.get(name, name) for name in names))
    rows = connection.execute(sql.SQL("SELECT {} FROM ledger_account").format(values)).fetchall()
    with (
        databases.connect(target, "app") as other,
        other.cursor() as cursor,
        cursor.copy(_copy_in(connection, "ledger_account")) as copy,
    ):
        for row in rows:
            copy.write_row(row)
