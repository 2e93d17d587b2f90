"""
Looks at the books again and again while faults run (I9, I10).

Each look is one REPEATABLE READ snapshot of the whole ledger: money is neither made nor lost in
any of them, and what is append-only never has fewer rows than before.
"""

import threading
from dataclasses import dataclass, field

import psycopg

from tests.chaos.databases import url_of

PAUSE_S = 0.5
APPEND_ONLY = ("ledger_transaction", "ledger_posting", "ledger_journal_entry")


@dataclass
class Bank:
    """Snapshots from `start` to `stop`; those that the database could not give are `missed`."""

    snapshots: int = 0
    missed: int = 0
    unbalanced: list[object] = field(default_factory=list)
    shrunk: list[object] = field(default_factory=list)
    _rows: dict[str, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more snapshots."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_S):
            try:
                with psycopg.connect(url_of("transactions"), connect_timeout=3) as connection:
                    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                    connection.execute("SET LOCAL statement_timeout = '20s'")
                    self._look(connection)
            except psycopg.Error:
                self.missed += 1

    def _look(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        self.unbalanced += connection.execute(
            "SELECT currency, sum(debits_posted), sum(credits_posted) FROM ledger_account"
            " GROUP BY 1 HAVING sum(debits_posted) <> sum(credits_posted)"
        ).fetchall()
        self.unbalanced += connection.execute(
            """
            SELECT account.id, credits_posted - debits_posted, coalesce(posted, 0)
            FROM ledger_account AS account LEFT JOIN (
                SELECT account_id,
                    sum(CASE direction WHEN 'credit' THEN amount ELSE -amount END) AS posted
                FROM ledger_posting WHERE layer = 'posted' GROUP BY 1
            ) AS sums ON sums.account_id = account.id
            WHERE credits_posted - debits_posted <> coalesce(posted, 0)
            """
        ).fetchall()
        self.unbalanced += connection.execute(
            "SELECT currency, sum(debits_pending), sum(credits_pending) FROM ledger_account"
            " GROUP BY 1 HAVING sum(debits_pending) <> sum(credits_pending)"
        ).fetchall()
        for table in APPEND_ONLY:
            self._count(connection, table)
        self.snapshots += 1

    def _count(self, connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> None:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608  one of ours
        count = int(str(row[0])) if row else 0
        if count < self._rows.get(table, 0):
            self.shrunk.append((table, self._rows[table], count))
        self._rows[table] = count
