"""
Step 6 of the road, the fuse: when many users' events fail at once, the fault is ours. Pure.

One broken event stops one stream. A bad deploy would stop every stream, one after the other,
so a consumer gives up before that, and staff look at it.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

_SLICES = 300

Fate = Hashable | None
"""What became of one event: None when it was applied, else the stream of its dead letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerLimits:
    """
    What is too much: letters of so many different streams without an applied event between
    them; or so many letters within `window_s` seconds that are more than `share` of all events.
    """

    streams: int = 20
    letters: int = 50
    share: float = 0.05
    window_s: float = 300.0


@dataclass(slots=True)
class _Slice:
    """What was committed within a short while of the window."""

    began: float
    events: int = 0
    letters: int = 0


class BreakerTripped(Exception):
    """Too many events failed; the transaction that met this must be rolled back."""


class Breaker:
    """
    Counts what was committed, and says of a transaction whether it would be too much.

    `weigh` is called before COMMIT and remembers nothing; `count` is called after it.
    """

    def __init__(
        self, limits: BreakerLimits, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._let_through = 0
        self._row: set[Hashable] = set()
        self._window: deque[_Slice] = deque()
        self._events = self._letters = 0

    def reset(self, *, let_through: int = 0) -> None:
        """Start anew; the next `let_through` letters are not counted."""
        self._let_through = let_through
        self._row.clear()
        self._window.clear()
        self._events = self._letters = 0

    def weigh(self, fates: Sequence[Fate]) -> None:
        """Raise `BreakerTripped` if these fates would be too much."""
        counted, _ = self._counted(fates)
        row = set(self._row)
        for fate in counted:
            if fate is None:
                row.clear()
            else:
                row.add(fate)
            if len(row) >= self._limits.streams:
                raise BreakerTripped(
                    f"dead letters of {len(row)} streams in a row, without an applied event"
                )
        self._weigh_window(counted)

    def count(self, fates: Sequence[Fate]) -> None:
        """Remember fates that were committed."""
        counted, self._let_through = self._counted(fates)
        for fate in counted:
            if fate is None:
                self._row.clear()
            else:
                self._row.add(fate)
        self._remember(len(counted), _letters(counted))

    def _weigh_window(self, counted: Sequence[Fate]) -> None:
        limits = self._limits
        self._forget_old()
        events = self._events + len(counted)
        letters = self._letters + _letters(counted)
        if letters >= limits.letters and letters > limits.share * events:
            raise BreakerTripped(
                f"{letters} dead letters among {events} events within {limits.window_s:.0f} s"
            )

    def _remember(self, events: int, letters: int) -> None:
        # A busy consumer commits hundreds of batches a second; keeping each, and adding all of
        # them up before every COMMIT, would cost more than applying the batch.
        now = self._clock()
        if not self._window or now - self._window[-1].began >= self._limits.window_s / _SLICES:
            self._window.append(_Slice(now))
        self._window[-1].events += events
        self._window[-1].letters += letters
        self._events += events
        self._letters += letters

    def _forget_old(self) -> None:
        oldest = self._clock() - self._limits.window_s
        while self._window and self._window[0].began < oldest:
            gone = self._window.popleft()
            self._events -= gone.events
            self._letters -= gone.letters

    def _counted(self, fates: Sequence[Fate]) -> tuple[Sequence[Fate], int]:
        """Leave out the letters that are let through; how many may still come."""
        left = self._let_through
        if not left:
            return fates, 0
        counted = []
        for fate in fates:
            if fate is not None and left:
                left -= 1
            else:
                counted.append(fate)
        return counted, left


def _letters(fates: Sequence[Fate]) -> int:
    return sum(fate is not None for fate in fates)
