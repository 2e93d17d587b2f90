"""Steps 1, 3 and 5 of the road: under load, rounds of work wait, so that each does more."""

import math
import time
from collections.abc import Callable

GATHER_S = 0.05
"""The least time between the beginnings of two rounds, while there is much to do."""

BUSY = 0.5
"""The share of the time that rounds of a single event would take, from which it is too much."""

_MEMORY_S = 0.3


class Pace:
    """
    Holds rounds apart when rounds of a single event would take most of the time.

    A round costs the same handful of statements and requests for one event as for fifty. Without
    load nobody notices that, and nothing waits here; under load tiny rounds would take the time
    that answers need. Learns from the rounds before: how many events come, and how long a round
    takes. `clock` gives seconds.
    """

    def __init__(
        self, *, gather_s: float = GATHER_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gather_s = gather_s
        self._clock = clock
        self._began_at = self._ended_at = -math.inf
        self._events = self._round_s = 0.0
        self._more = False

    def pause_s(self) -> float:
        """How long the next round should wait, in seconds."""
        now = self._clock()
        events_per_s = self._events * _left_after(now - self._ended_at) / _MEMORY_S
        if self._more or events_per_s * self._round_s < BUSY:
            return 0.0
        return max(0.0, self._began_at + self._gather_s - now)

    def learn(self, events: int, *, began_at: float, more: bool = False) -> None:
        """
        A round of so many events, at least one, is over.

        `began_at` is the clock when it began; `more` events are waiting already.
        """
        now = self._clock()
        left = _left_after(now - self._ended_at)
        self._events = self._events * left + events
        self._round_s = self._round_s * left + (now - began_at) * (1 - left)
        self._began_at, self._ended_at, self._more = began_at, now, more


def _left_after(seconds: float) -> float:
    """How much of what was learnt so long ago still counts."""
    return math.exp(-seconds / _MEMORY_S)
