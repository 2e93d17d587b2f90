"""
Step 2 of the road: the hook after COMMIT wakes this process's publisher thread.

The thread also looks by itself every second; that is the sweep, and nothing else has to run.
"""

import os
import random
import threading
import time

import psycopg
import structlog
from django.conf import settings

from common.kafka.broker import BrokerError, EventProducer
from common.kafka.connect import producer_open
from common.outbox.drain import PublishFailed, outbox_drain
from common.outbox.session import PublisherSession
from common.pace import Pace

log = structlog.get_logger(__name__)

_SWEEP_S = 1.0
_BACKOFF_FIRST_S = 0.1
_BACKOFF_MAX_S = 5.0
_STOP_S = 5.0


class PublisherThread(threading.Thread):
    """Drains the outbox whenever it is woken, and once a second."""

    def __init__(self) -> None:
        super().__init__(name="outbox-publisher", daemon=True)
        self.woken = threading.Event()
        self.stopping = threading.Event()
        self.backlog_full = False
        self._session: PublisherSession | None = None
        self._producer: EventProducer | None = None
        self._pace = Pace()
        self._failures = 0
        self._backlog_read_at = -_SWEEP_S

    def run(self) -> None:
        while not self.stopping.is_set():
            self.woken.wait(_SWEEP_S)
            self.woken.clear()
            self._drain_or_back_off()
        self._producer_close()
        self._session_close()

    def _drain_or_back_off(self) -> None:
        try:
            self._drain()
        except (BrokerError, psycopg.Error) as error:
            log.warning("publish_failed", error=str(error), kind=type(error).__name__)
            self._back_off(error)
        except Exception as error:
            # The sweep must outlive a bug: it is logged with its traceback, and pauses.
            log.exception("publish_crashed")
            self._back_off(error)
        else:
            self._failures = 0

    def _drain(self) -> None:
        self._session = self._session or PublisherSession()
        self._producer = self._producer or producer_open()
        self._look()
        outbox_drain(self._session, self._producer, meanwhile=self._look, pace=self._pace)

    def _look(self) -> bool:
        """Read the backlog once a second, however long a drain takes; False when stopping."""
        if self._session and time.monotonic() - self._backlog_read_at >= _SWEEP_S:
            self.backlog_full = _backlog_full(self._session)
            self._backlog_read_at = time.monotonic()
        return not self.stopping.is_set()

    def _back_off(self, error: Exception) -> None:
        """Wait longer after every failure, all streams as one; a broken client is not kept."""
        if not isinstance(error, BrokerError):
            self._session_close()
        if not isinstance(error, PublishFailed | psycopg.Error):
            self._producer_close()
        self._failures += 1
        pause = min(_BACKOFF_FIRST_S * 2 ** min(self._failures, 10), _BACKOFF_MAX_S)
        self.stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret

    def _session_close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _producer_close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()


_guard = threading.Lock()
_threads: dict[int, PublisherThread] = {}


def start() -> None:
    """Let this process publish, unless `OUTBOX_PUBLISH` says that something else does."""
    if settings.OUTBOX_PUBLISH:
        follow()


def follow() -> PublisherThread:
    """Make sure that this process has a living publisher thread; a fork gets its own (P8)."""
    pid = os.getpid()
    with _guard:
        thread = _threads.get(pid)
        if thread is None or not thread.is_alive():
            _threads.clear()
            thread = _threads[pid] = PublisherThread()
            thread.start()
    return thread


def wake() -> None:
    """Tell the publisher that something was committed. Never blocks, never fails a request."""
    if settings.OUTBOX_PUBLISH:
        follow().woken.set()


def stop() -> None:
    """Finish the round in hand and let go of the lock, the producer and the session."""
    thread = _threads.pop(os.getpid(), None)
    if thread is not None:
        thread.stopping.set()
        thread.woken.set()
        thread.join(_STOP_S)


def backlog_full() -> bool:
    """Whether more events wait than `OUTBOX_BACKLOG_MAX`, as of the last second."""
    thread = _threads.get(os.getpid())
    return thread is not None and thread.backlog_full


def _backlog_full(session: PublisherSession) -> bool:
    row = session.connection.execute(
        "SELECT count(*) FROM (SELECT FROM outbox_message WHERE published_at IS NULL LIMIT %s) w",
        [settings.OUTBOX_BACKLOG_MAX],
    ).fetchone()
    return row is not None and row[0] >= settings.OUTBOX_BACKLOG_MAX
