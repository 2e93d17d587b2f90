"""Step 3 of the road: below which position nothing can be waiting any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Floor:
    """
    Lets a claim skip the rows that were sent while one lock is held.

    Finding them again would mean walking over their dead index entries (P55). But a smaller
    position may still be uncommitted when a larger one is sent, and a later event of its
    stream must not overtake it. Whoever drew a smaller position had a transaction id before the
    snapshot that showed the larger one; once no transaction of that time is running, everything
    up to that position is visible. So the floor follows one claim behind, and waits for as long
    as such a transaction takes.
    """

    position: int = 0
    _next: tuple[int, int] | None = None

    def learn(self, rows: Sequence[Any]) -> None:
        """Take in a claim whose rows are all on their way; if one fails, the lock is let go."""
        first, last = rows[0], rows[-1]
        if self._next is not None:
            reached, first_unborn = self._next
            if first.oldest_running < first_unborn:
                return
            # A full claim may have ended below what is certain.
            self.position = min(reached, last.position)
        self._next = (last.position, first.first_unborn)
