"""Step 5 of the road: the loop that polls, applies, and only then tells Kafka."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from common.db.transient import is_transient
from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.ahead import Ahead
from common.inbox.batch import BatchReport
from common.inbox.breaker import Breaker, BreakerTripped
from common.inbox.conduct import Conduct
from common.inbox.halts import Halt, halt_current, halt_open, letters_let_through
from common.inbox.heartbeat import Heartbeat
from common.inbox.isolate import batch_isolate
from common.inbox.waiting import streams_due_anywhere
from common.inbox.wiring import Wiring
from common.kafka.broker import EventSource, Record
from common.pace import Pace

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

BATCH_SIZE = 2000
"""Events of one transaction: what each costs shrinks little beyond, and memory and locks grow."""

_POLL_S = 0.5
_PAUSE_FIRST_S = 0.1
_PAUSE_MAX_S = 5.0
_HALVE_AFTER = 3
_HALT_LOOK_S = 1.0
_DUE_LOOK_S = 30.0


class _Stopped(Exception):
    """Told to stop before the work in hand could be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """
    When a consumer stops by itself. None means never; `idle_s` is time without a record.
    """

    batch_size: int = BATCH_SIZE
    messages_max: int | None = None
    idle_s: float | None = None


class Consumer:
    """
    One consumer process: at-least-once delivery in, exactly-once effect out.

    Records are committed to Kafka after their database transaction, and only as a hint where
    to resume. `on_batch` is told of every batch, for progress. With a `breaker` it halts when
    too much fails, and while any member of its group has halted, until staff resume it. For
    `baseline` see `Conduct`, for `stuck_s` see `Heartbeat`.
    """

    def __init__(
        self,
        *,
        wiring: Wiring,
        source: EventSource,
        stop: threading.Event,
        limits: Limits,
        heartbeat_file: str = "",
        stuck_s: float = 0,
        on_batch: Callable[[BatchReport], None] = lambda _: None,
        breaker: Breaker | None = None,
        baseline: bool = False,
    ) -> None:
        self._wiring = wiring
        self._source = source
        self._ahead = Ahead(source, wiring)
        self._pace = Pace()
        self._stop = stop
        self._limits = limits
        self._heartbeat = Heartbeat(heartbeat_file, stuck_s=stuck_s)
        self._on_batch = on_batch
        self._breaker = breaker
        self._conduct = Conduct(breaker=breaker, baseline=baseline, beat=self._heartbeat.beat)
        self._halt_looked_at = self._due_looked_at = float("-inf")

    def run(self) -> int:
        """
        Consume until told to stop or until a limit is reached; return how many records came.

        The batch in hand is finished first, and its offsets are committed. Raises
        `BrokerFatal` when this member can do nothing more: exit and be restarted.
        """
        consumed, last_seen = 0, time.monotonic()
        try:
            with self._heartbeat:
                while not self._stop.is_set() and not self._is_done(consumed, last_seen):
                    self._heartbeat.beat()
                    close_old_connections()
                    self._look_around()
                    room = self._room(consumed)
                    self._stop.wait(self._pace.pause_s())
                    records = self._source.poll(records_max=room, timeout_s=_POLL_S)
                    if records:
                        began_at = time.monotonic()
                        # A batch that is not full is all that there was, so no more is sought.
                        left = self._room(consumed + room) if len(records) == room else 0
                        self._consume(records, next_max=left)
                        self._pace.learn(len(records), began_at=began_at, more=left > 0)
                        consumed += len(records)
                        last_seen = time.monotonic()
        except _Stopped:
            pass
        finally:
            self._ahead.close()
            self._source.close()
        return consumed

    def _look_around(self) -> None:
        """Ask now and then whether somebody halted the group, and what was left lying."""
        now = time.monotonic()
        if self._breaker is not None and now - self._halt_looked_at >= _HALT_LOOK_S:
            self._halt_looked_at = now
            self._wait_while_halted()
        if now - self._due_looked_at >= _DUE_LOOK_S:
            self._due_looked_at = now
            self._apply_left_over()

    def _consume(self, records: list[Record], *, next_max: int) -> None:
        """
        Apply records and commit them, and read at most `next_max` of those behind them meanwhile.

        A batch may be what the database has no time for, so it is tried in smaller parts after
        some failures. What a part has applied is a duplicate when all of it is tried again.
        """
        arrivals = self._ahead.arrivals(records)
        if next_max:
            self._ahead.begin(records_max=next_max)

        def apply(failures: int) -> None:
            size = max(1, len(arrivals) >> failures // _HALVE_AFTER)
            for start in range(0, len(arrivals), size):
                part = arrivals[start : start + size]
                self._on_batch(batch_isolate(self._wiring, part, conduct=self._conduct))

        self._unless_halted(apply)
        self._ahead.wait()
        self._source.commit(records)

    def _apply_left_over(self) -> None:
        """Apply events whose turn came when nobody was there any more to apply them."""
        wiring = self._wiring
        source = SOURCE_BY_TOPIC[wiring.topic]

        def apply(_: int) -> None:
            due = streams_due_anywhere(consumer=wiring.consumer, source=source)
            if due:
                self._on_batch(batch_isolate(wiring, [], due=due, conduct=self._conduct))

        self._unless_halted(apply)

    def _unless_halted(self, apply: Callable[[int], None]) -> None:
        """Apply; when that is too much for the breaker, wait for staff, and apply again."""
        while True:
            try:
                self._with_database(apply)
            except BreakerTripped as error:
                log.error("consumer_halted", reason=str(error))  # noqa: TRY400  no fault of this code
                self._halt(str(error))
            else:
                return

    def _halt(self, reason: str) -> None:
        consumer = self._wiring.consumer
        self._with_database(lambda _: halt_open(consumer=consumer, reason=reason))
        self._wait_while_halted()

    def _wait_while_halted(self) -> None:
        """Stay in the group without reading until staff resume it; then count anew."""
        halt = last = self._halt_current()
        while halt is not None:
            last = halt
            self._heartbeat.halted = True
            self._stay(_HALT_LOOK_S)
            halt = self._halt_current()
        if last is None:
            return
        self._heartbeat.halted = False
        if self._breaker is not None:
            halt_id = last.id
            let_through = self._with_database(lambda _: letters_let_through(halt_id=halt_id))
            self._breaker.reset(let_through=let_through)
        log.info("consumer_resumed")

    def _halt_current(self) -> Halt | None:
        return self._with_database(lambda _: halt_current(consumer=self._wiring.consumer))

    def _with_database(self, work: Callable[[int], Answer]) -> Answer:
        """
        Do what needs the database, again while it is away; `work` is told how often it failed.

        Raises `_Stopped` when told to stop meanwhile.
        """
        failures = 0
        while True:
            try:
                return work(failures)
            except (DatabaseError, InterfaceError) as error:
                if not is_transient(error):
                    raise
                failures += 1
                log.warning("database_away", error=str(error).strip(), failures=failures)
                pause = min(_PAUSE_FIRST_S * 2 ** min(failures, 10), _PAUSE_MAX_S)
                self._stay(pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter

    def _stay(self, timeout_s: float) -> None:
        """Stay in the group without reading; raises `_Stopped` when told to stop."""
        self._heartbeat.beat()
        self._ahead.wait()
        self._source.stay(timeout_s=timeout_s)
        close_old_connections()
        if self._stop.is_set():
            raise _Stopped

    def _is_done(self, consumed: int, last_seen: float) -> bool:
        limits = self._limits
        if limits.messages_max is not None and consumed >= limits.messages_max:
            return True
        return limits.idle_s is not None and time.monotonic() - last_seen >= limits.idle_s

    def _room(self, consumed: int) -> int:
        if self._limits.messages_max is None:
            return self._limits.batch_size
        return min(self._limits.batch_size, self._limits.messages_max - consumed)
