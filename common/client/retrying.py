"""How often and how long a request is tried."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LATER = frozenset({429, 502, 503, 504})
"""Statuses that mean: not now."""

_DOUBLINGS_MAX = 16


@dataclass(frozen=True)
class Retrying:
    """
    For how many seconds a call is tried in all, and how long the pauses between tries are.

    Pauses double from the first to the longest, and each is a random part of that, so that many
    clients who lost the same server do not come back at the same moment. What the server asks for
    by `Retry-After` is waited for in full. A call whose deadline would pass meanwhile gives up at
    once.
    """

    deadline_s: float = 30.0
    first_pause_s: float = 0.1
    longest_pause_s: float = 5.0

    def pause_s(self, tries: int, headers: Mapping[str, str]) -> float:
        """How long to wait after so many tries of which the last was answered with `headers`."""
        longest = self.first_pause_s * 2 ** min(tries - 1, _DOUBLINGS_MAX)
        jitter = random.uniform(0, min(longest, self.longest_pause_s))  # noqa: S311  spreads load
        return retry_after_s(headers) + jitter


class Deadline:
    """The moment after which nothing is tried any more."""

    def __init__(self, within_s: float) -> None:
        self._at = time.monotonic() + within_s

    @property
    def left_s(self) -> float:
        """Seconds until then, zero when it has passed."""
        return max(0.0, self._at - time.monotonic())


def retry_after_s(headers: Mapping[str, str]) -> float:
    """The seconds of a `Retry-After`, which is a number or a date; 0 without one of either."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
