"""
A database as far as the protocol can see: transactions, row locks and READ COMMITTED.

Every statement reads what is committed at that moment and what its own transaction wrote.
Sequences are drawn at once and never given back, so a smaller number may be committed later.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import OperationalError

from tests.simulation.scheduler import here, scheduler

LOCK_TIMEOUT_S = 5.0
IDLE_IN_TRANSACTION_S = 10.0

Row = Any
_GONE = object()


def transient(cause: type[psycopg.Error]) -> OperationalError:
    """A database error as Django raises it."""
    error = OperationalError(cause.__name__)
    error.__cause__ = cause(cause.__name__)
    return error


class Transaction:
    """What one session has written and locked and not committed yet."""

    def __init__(self, database: "Database") -> None:
        self.database = database
        self.writes: dict[str, dict[Hashable, Row]] = {}
        self.locks: set[tuple[str, Hashable]] = set()
        self.hooks: list[Callable[[], None]] = []
        self.waits_for: Transaction | None = None
        self.lost = False
        self.number = database.draw("transaction")

    def read(self, table: str, key: Hashable) -> Row | None:
        """The row as this transaction sees it."""
        row = self.writes.get(table, {}).get(key, _GONE)
        if row is _GONE:
            return self.database.tables.setdefault(table, {}).get(key)
        return row

    def rows(self, table: str) -> Iterator[tuple[Hashable, Row]]:
        """All rows as this transaction sees them."""
        written = self.writes.get(table, {})
        committed = self.database.tables.setdefault(table, {})
        for key in [*committed, *(key for key in written if key not in committed)]:
            row = self.read(table, key)
            if row is not None:
                yield key, row

    def write(self, table: str, key: Hashable, row: Row | None) -> None:
        """Insert, change, or with None delete a row that this transaction has locked."""
        self.lock(table, key)
        self.writes.setdefault(table, {})[key] = row

    def lock(self, table: str, key: Hashable) -> None:
        """
        Lock a row, there or not, until the end; whoever holds it is waited for.

        Raises `OperationalError` as PostgreSQL would for a deadlock or a lock timeout.
        """
        place = (table, key)
        while (holder := self.database.locks.get(place)) not in (None, self):
            self.waits_for = holder
            self._check_deadlock()
            free = scheduler().wait(
                lambda: self.lost or self.database.locks.get(place) is None, LOCK_TIMEOUT_S
            )
            self.waits_for = None
            self.check()
            if not free:
                raise transient(psycopg.errors.LockNotAvailable)
        self.database.locks[place] = self
        self.locks.add(place)

    def check(self) -> None:
        """Raise if the server has ended this session."""
        if self.lost:
            raise transient(psycopg.errors.AdminShutdown)

    def commit(self) -> None:
        """Make everything true at once."""
        for table, rows in self.writes.items():
            kept = self.database.tables.setdefault(table, {})
            for key, row in rows.items():
                if row is None:
                    kept.pop(key, None)
                else:
                    kept[key] = row
        self.end()

    def end(self) -> None:
        """Forget everything that was not committed, and release the locks."""
        for place in self.locks:
            self.database.locks.pop(place, None)
        self.locks.clear()
        self.writes.clear()
        self.database.open.discard(self)

    def _check_deadlock(self) -> None:
        seen, other = set(), self.waits_for
        while other is not None and other not in seen:
            if other is self:
                self.waits_for = None
                raise transient(psycopg.errors.DeadlockDetected)
            seen.add(other)
            other = other.waits_for


class Database:
    """Committed rows by table and key, and who has what locked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tables: dict[str, dict[Hashable, Row]] = {}
        self.locks: dict[tuple[str, Hashable], Transaction] = {}
        self.open: set[Transaction] = set()
        self.away_until = 0.0
        self.advisory: object | None = None
        self._drawn: dict[str, int] = {}

    def draw(self, sequence: str) -> int:
        """The next number of a sequence; a rollback does not give it back."""
        self._drawn[sequence] = self._drawn.get(sequence, 0) + 1
        return self._drawn[sequence]

    def last_drawn(self, sequence: str) -> int:
        """The number that was drawn last, 0 before the first."""
        return self._drawn.get(sequence, 0)

    def begin(self) -> Transaction:
        """Open a transaction. Raises `OperationalError` while the server is away."""
        if self.is_away():
            raise transient(psycopg.errors.ConnectionFailure)
        opened = Transaction(self)
        self.open.add(opened)
        return opened

    def is_away(self) -> bool:
        """Whether nobody can connect now."""
        return scheduler().clock < self.away_until

    def lose(self, transaction: Transaction) -> None:
        """End a session: its transaction is rolled back, and its owner hears of it later."""
        transaction.lost = True
        transaction.end()

    def restart(self, seconds: float) -> None:
        """Lose every session, and be away for a while."""
        scheduler().note(f"{self.name} database is away for {seconds:.1f} s")
        for transaction in list(self.open):
            self.lose(transaction)
        self.advisory = None
        self.away_until = scheduler().clock + seconds


class FakeTransactions:
    """Stands where the code under test uses `django.db.transaction`."""

    @contextmanager
    def atomic(self, *, durable: bool = False) -> Iterator[None]:
        place = here()
        if place.transaction is None:
            yield from self._outermost(place)
        elif durable:
            raise RuntimeError("a durable atomic block was nested within another")
        else:
            yield from self._savepoint(place.transaction)

    def on_commit(self, hook: Callable[[], None], *, robust: bool = False) -> None:
        here().transaction.hooks.append(hook)

    def _outermost(self, place: Any) -> Iterator[None]:
        scheduler().step("BEGIN")
        place.transaction = opened = place.side.database.begin()
        try:
            yield
            self._commit(opened)
        except Exception:
            opened.end()
            raise
        finally:
            place.transaction = None
        for hook in opened.hooks:
            hook()

    def _savepoint(self, opened: Transaction) -> Iterator[None]:
        before = {table: dict(rows) for table, rows in opened.writes.items()}
        try:
            yield
        except Exception:
            opened.writes = before
            raise

    def _commit(self, opened: Transaction) -> None:
        scheduler().step("COMMIT")
        opened.check()
        opened.commit()
        scheduler().step("committed")
        if here().answer_is_lost():
            scheduler().note("the answer to COMMIT is lost")
            raise transient(psycopg.errors.ConnectionFailure)


def statement(what: str) -> Transaction:
    """Let time pass, as every statement does, and return the transaction it belongs to."""
    scheduler().step(what)
    opened: Transaction | None = here().transaction
    if opened is None:
        raise RuntimeError(f"{what} outside of a transaction")
    opened.check()
    return opened


@contextmanager
def autocommit(database: Database) -> Iterator[Transaction]:
    """A transaction of one statement."""
    opened = database.begin()
    try:
        yield opened
        opened.commit()
    finally:
        opened.end()
