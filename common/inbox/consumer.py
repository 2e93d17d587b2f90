"""Step 5 of the road: the loop that polls, applies, and only then tells Kafka."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from common.db.transient import is_transient
from common.inbox.arrival import arrive
from common.inbox.batch import BatchReport
from common.inbox.isolate import batch_isolate
from common.inbox.wiring import Wiring
from common.kafka.broker import EventSource, Record

log = structlog.get_logger(__name__)

_POLL_S = 0.5
_PAUSE_FIRST_S = 0.1
_PAUSE_MAX_S = 5.0
_HALVE_AFTER = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """
    When a consumer stops by itself. None means never; `idle_s` is time without a record.
    """

    batch_size: int = 1000
    messages_max: int | None = None
    idle_s: float | None = None


class Consumer:
    """
    One consumer process: at-least-once delivery in, exactly-once effect out.

    Records are committed to Kafka after their database transaction, and only as a hint where
    to resume. `on_batch` is told of every batch, for progress.
    """

    def __init__(
        self,
        *,
        wiring: Wiring,
        source: EventSource,
        stop: threading.Event,
        limits: Limits,
        heartbeat_file: str = "",
        on_batch: Callable[[BatchReport], None] = lambda _: None,
    ) -> None:
        self._wiring = wiring
        self._source = source
        self._stop = stop
        self._limits = limits
        self._heartbeat = Path(heartbeat_file) if heartbeat_file else None
        self._on_batch = on_batch

    def run(self) -> int:
        """
        Consume until told to stop or until a limit is reached; return how many records came.

        The batch in hand is finished first, and its offsets are committed. Raises
        `BrokerFatal` when this member can do nothing more: exit and be restarted.
        """
        consumed, last_seen = 0, time.monotonic()
        try:
            while not self._stop.is_set() and not self._is_done(consumed, last_seen):
                self._beat()
                close_old_connections()
                records = self._source.poll(records_max=self._room(consumed), timeout_s=_POLL_S)
                if records and self._consume(records):
                    consumed += len(records)
                    last_seen = time.monotonic()
        finally:
            self._source.close()
        return consumed

    def _consume(self, records: list[Record]) -> bool:
        """
        Apply records and commit them; False when told to stop before they could be applied.

        A batch may be what the database has no time for, so it is tried in smaller parts after
        some failures. What a part has applied is a duplicate when all of it is tried again.
        """
        consumed_at = datetime.now(UTC)
        arrivals = [arrive(record, consumed_at=consumed_at) for record in records]
        failures = 0
        while True:
            try:
                size = max(1, len(arrivals) >> failures // _HALVE_AFTER)
                for start in range(0, len(arrivals), size):
                    self._on_batch(batch_isolate(self._wiring, arrivals[start : start + size]))
                    self._beat()
            except (DatabaseError, InterfaceError) as error:
                if not is_transient(error):
                    raise
                failures += 1
                log.warning("database_away", error=str(error).strip(), failures=failures)
                if not self._wait_for_database(failures):
                    return False
            else:
                self._source.commit(records)
                return True

    def _wait_for_database(self, failures: int) -> bool:
        """Stay in the group without reading, a little longer each time; False when stopping."""
        pause = min(_PAUSE_FIRST_S * 2 ** min(failures, 10), _PAUSE_MAX_S)
        self._beat()
        self._source.stay(timeout_s=pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter
        close_old_connections()
        return not self._stop.is_set()

    def _is_done(self, consumed: int, last_seen: float) -> bool:
        limits = self._limits
        if limits.messages_max is not None and consumed >= limits.messages_max:
            return True
        return limits.idle_s is not None and time.monotonic() - last_seen >= limits.idle_s

    def _room(self, consumed: int) -> int:
        if self._limits.messages_max is None:
            return self._limits.batch_size
        return min(self._limits.batch_size, self._limits.messages_max - consumed)

    def _beat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.touch()
