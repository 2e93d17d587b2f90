"""Step 10 of the road, from the other side: one thread per web process hears of outcomes."""

import random
import threading
import time
from collections.abc import Iterable
from typing import Protocol

import psycopg
import structlog

from common.db.own_session import own_session
from users.submissions.telling import CHANNEL

log = structlog.get_logger(__name__)

_LOOK_UP_S = 1.0
_BACKOFF_FIRST_S = 0.1
_BACKOFF_MAX_S = 2.0


class Listeners(Protocol):
    """Who wants to hear."""

    def wake(self, subjects: Iterable[str]) -> None: ...

    def wake_all(self) -> None: ...

    def listener_may_go(self) -> bool: ...


class OutcomeListener(threading.Thread):
    """
    Wakes who waits for what the consumer has just settled.

    It only listens, on a session of its own outside of Django's pool: what became of a row is
    read by who waits for it. While the database is away it tries again, and nobody is harmed:
    waiters also look by themselves.
    """

    def __init__(self, waiting: Listeners) -> None:
        super().__init__(name="outcome-listener", daemon=True)
        self._waiting = waiting
        self._failures = 0

    def run(self) -> None:
        while not self._waiting.listener_may_go():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("listening_failed", error=str(error), kind=type(error).__name__)
                self._back_off()
            else:
                return

    def _listen(self) -> None:
        """Wake waiters until nobody has waited for a while. Raises `psycopg.Error`."""
        with own_session(purpose="listener", idle_timeout="0") as session:
            session.execute(f"LISTEN {CHANNEL}")
            self._failures = 0
            # What was told before this moment was not heard.
            self._waiting.wake_all()
            while not self._waiting.listener_may_go():
                for notice in session.notifies(timeout=_LOOK_UP_S):
                    self._waiting.wake(notice.payload.split())

    def _back_off(self) -> None:
        self._failures += 1
        pause = min(_BACKOFF_FIRST_S * 2 ** min(self._failures, 10), _BACKOFF_MAX_S)
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret
