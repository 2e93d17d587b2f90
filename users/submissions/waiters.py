"""Who waits in this process for an outcome, and what wakes them."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings

from users.submissions.outcome_listener import OutcomeListener

TICK_S = 1.0
"""
How often a waiter looks by itself.

Whether its client is gone, whether the process ends, and at the row: what was told while the
database restarted, or by a process of an older release, was not heard.
"""

_LINGER_S = 30.0
"""How long the listener stays when nobody waits any more."""


class Waiter:
    """A request that waits for news of a transaction or command; it has a place until it leaves."""

    def __init__(self, room: "WaitingRoom", subject: str) -> None:
        self.subject = subject
        self.left = False
        self._room = room
        self._woken = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        """Return when there may be news, True, or after so many seconds, False."""
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return woken

    def wake(self) -> None:
        """Let it look; also before it waits."""
        self._woken.set()

    def leave(self) -> None:
        """Give the place back and end the waiting; again, and from any thread, without harm."""
        self._room.leave(self)
        self.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()


class WaitingRoom:
    """
    The waiters of one process.

    There are places for a quarter of its threads, so that the others go on accepting: waiting
    never starves accepting. With fewer than four threads nobody can wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: defaultdict[str, set[Waiter]] = defaultdict(set)
        self._places = settings.WEB_THREADS // 4
        self._empty_since = 0.0
        self._listener: OutcomeListener | None = None

    def admit(self, subject: UUID) -> Waiter | None:
        """Let a request wait for news of a transaction or command; None without a free place."""
        waiter = Waiter(self, str(subject))
        with self._lock:
            if not self._places:
                return None
            self._listen()  # first: if no thread can be started, no place is lost
            self._places -= 1
            self._waiters[waiter.subject].add(waiter)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        with self._lock:
            if waiter.left:
                return
            waiter.left = True
            self._places += 1
            self._waiters[waiter.subject].discard(waiter)
            if not self._waiters[waiter.subject]:
                del self._waiters[waiter.subject]
            self._empty_since = time.monotonic()

    def wake(self, subjects: Iterable[str]) -> None:
        """Wake who waits for one of these."""
        with self._lock:
            for subject in self._waiters.keys() & set(subjects):
                for waiter in self._waiters[subject]:
                    waiter.wake()

    def wake_all(self) -> None:
        """Wake everybody: something may have been told that was not heard."""
        with self._lock:
            for waiters in self._waiters.values():
                for waiter in waiters:
                    waiter.wake()

    def listener_may_go(self) -> bool:
        """Whether nobody has waited for a while; the listener is replaced then, so it must go."""
        with self._lock:
            if self._waiters or time.monotonic() - self._empty_since < _LINGER_S:
                return False
            self._listener = None
            return True

    def _listen(self) -> None:
        if self._listener is None or not self._listener.is_alive():
            self._listener = OutcomeListener(self)
            self._listener.start()


_guard = threading.Lock()
_rooms: dict[int, WaitingRoom] = {}


def waiting_room() -> WaitingRoom:
    """The waiting room of this process; a fork gets its own, because threads do not survive it."""
    pid = os.getpid()
    with _guard:
        if pid not in _rooms:
            _rooms.clear()
            _rooms[pid] = WaitingRoom()
        return _rooms[pid]
