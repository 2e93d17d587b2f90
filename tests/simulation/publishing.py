"""What stands for the publisher's sessions and statements, and for the thread that marks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from common.outbox.marker import Marker
from common.outbox.rows import Delivered
from tests.simulation.database import Database, Transaction, autocommit
from tests.simulation.outbox_tables import MESSAGES, STREAMS, Message
from tests.simulation.scheduler import here, scheduler


class Claimed(NamedTuple):
    """A row as a claim gives it, and what ran when it was read."""

    position: int
    topic: str
    stream: str
    sequence: str
    id: str
    type: str
    subject: str
    occurred_at: str
    correlation_id: str
    causation_id: str | None
    actor: str
    traceparent: str | None
    data: bytes
    oldest_running: int
    first_unborn: int


class Session:
    """Stands for `PublisherSession`: an autocommit connection and its advisory lock."""

    def __init__(self, **_: Any) -> None:
        self._database: Database = here().side.database
        self.lost = False
        self._marker: Marker | None = None
        with _answered():
            self._check("connect")
        here().sessions.append(self)

    @property
    def connection(self) -> "Session":
        return self

    @property
    def marker(self) -> Marker:
        # Not a cached property: its lock would be kept while the baton goes round.
        self._marker = self._marker or Marker()
        return self._marker

    def lock(self) -> bool:
        self._check("take the lock")
        if self._database.advisory in (None, self):
            self._database.advisory = self
        return self._database.advisory is self

    def unlock(self) -> None:
        self._check("release the lock")
        self.let_go()

    def touch(self) -> None:
        self._check("touch")

    def close(self) -> None:
        self.let_go()
        if self._marker is not None:
            self._marker.close()

    def end(self) -> None:
        """Be ended by the server; the owner hears of it at the next statement."""
        self.lost = True
        self.let_go()

    def let_go(self) -> None:
        if self._database.advisory is self:
            self._database.advisory = None

    @contextmanager
    def statement(self, what: str) -> Iterator[Transaction]:
        """A statement of this session, which is a transaction by itself."""
        self._check(what)
        with _answered(), autocommit(self._database) as opened:
            yield opened

    def _check(self, what: str) -> None:
        scheduler().step(what)
        if self.lost or self._database.is_away():
            self.end()
            raise psycopg.OperationalError("the server closed the connection")


@contextmanager
def _answered() -> Iterator[None]:
    """Errors as psycopg raises them; there is no Django around this session."""
    try:
        yield
    except Exception as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise


class FakeExecutor:
    """Stands for a thread: what is submitted is done at once, or when waited for."""

    def __init__(self, **_: Any) -> None:
        self._at_once = scheduler().random.random() < 0.5

    def submit(self, work: Callable[..., None], *arguments: Any) -> "FakeFuture":
        future = FakeFuture(lambda: work(*arguments))
        if self._at_once:
            future.run()
        return future

    def shutdown(self) -> None:
        scheduler().step("stop its thread")


class FakeFuture:
    """Work that is done once; what it raised is raised to whoever waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work
        self._error: Exception | None = None

    def run(self) -> None:
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        except psycopg.Error as error:
            self._error = error

    def result(self) -> None:
        self.run()
        if self._error is not None:
            raise self._error


def rows_claim(
    session: Session, *, floor: int, limit: int, but: Sequence[int] = ()
) -> list[Claimed]:
    with session.statement(f"claim above {floor}") as opened:
        running = [other.number for other in opened.database.open if other is not opened]
        unborn = opened.database.last_drawn("transaction") + 1
        oldest = min(running, default=unborn)
        waiting = [
            _claimed(row, oldest, unborn)
            for position, row in sorted(opened.rows(MESSAGES))
            if row.published_at is None
            and position > floor
            and position not in but
            and not opened.read(STREAMS, row.stream).blocked
        ]
        return waiting[:limit]


def rows_mark(session: Session, delivered: Sequence[Delivered]) -> None:
    if not delivered:
        return
    with session.statement(f"mark {[one.position for one in delivered]}") as opened:
        for one in delivered:
            known = opened.read(MESSAGES, one.position)
            marked = replace(
                known,
                published_at=scheduler().clock,
                partition=one.partition,
                offset=one.offset,
            )
            opened.write(MESSAGES, one.position, marked)


def stream_block(session: Session, *, stream: str, reason: str) -> None:
    with session.statement("block a stream") as opened:
        key = UUID(stream)
        opened.lock(STREAMS, key)
        opened.write(STREAMS, key, replace(opened.read(STREAMS, key), blocked=True))


def _claimed(row: Message, oldest: int, unborn: int) -> Claimed:
    return Claimed(
        position=row.position,
        topic=row.topic,
        stream=str(row.stream),
        sequence=str(row.sequence),
        id=str(row.id),
        type=row.type,
        subject=row.subject,
        occurred_at=row.occurred_at.isoformat(),
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        actor=row.actor,
        traceparent=row.traceparent,
        data=row.data,
        oldest_running=oldest,
        first_unborn=unborn,
    )
