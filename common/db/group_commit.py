"""Step 1 of the road: threads that would each commit for themselves share a commit under load."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from common.pace import Pace

GATHER_S = 0.02
"""How far apart shared commits begin, while there is much to do."""

SHARED_MIN = 3
"""Fewer are quicker, and dearer by nothing, each for itself."""

SHARED_MAX = 64

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Turn(Generic[Item, Answer]):
    """One thread's item, and what became of it; `over` is set when the thread may go on."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.answer: Answer | None = None
        self.gathered = False
        self.over = threading.Event()


class GroupCommit(Generic[Item, Answer]):
    """
    Commits items of many threads together, or each `alone`.

    `together` gives an answer for each item, in order, or None for one that has to go alone; it
    waits for no lock that others hold for long, since all wait for it. `alone` gives an answer, or
    None for good; it may wait and raise, in the thread whose item it is. Both commit by
    themselves. Without load nobody waits for anybody.
    """

    def __init__(
        self,
        *,
        together: Callable[[Sequence[Item]], Sequence[Answer | None]],
        alone: Callable[[Item], Answer | None],
    ) -> None:
        self._together = together
        self._alone = alone
        self._guard = threading.Lock()
        self._queue: list[_Turn[Item, Answer]] = []
        self._led = False
        self._pace = Pace(gather_s=GATHER_S)

    def submit(self, item: Item) -> Answer | None:
        """Commit an item, perhaps with others. Raises what `alone` raises."""
        turn: _Turn[Item, Answer] = _Turn(item)
        with self._guard:
            self._queue.append(turn)
            leads, self._led = not self._led, True
        if not leads:
            turn.over.wait()
        if not turn.gathered:
            self._lead(turn)
        return self._commit_alone(item) if turn.answer is None else turn.answer

    def _lead(self, turn: _Turn[Item, Answer]) -> None:
        """Commit what has gathered, the leader's own first, and let the next thread lead."""
        group = [turn]
        with self._guard:
            self._queue.remove(turn)
        # Whatever becomes of the leader: the others would wait for ever for one that is gone.
        try:
            time.sleep(self._pause_s())
            with self._guard:
                room = SHARED_MAX - 1
                group += self._queue[:room]
                del self._queue[:room]
            if len(group) >= SHARED_MIN:
                self._commit_together(group)
        finally:
            self._hand_over(group)

    def _commit_together(self, group: Sequence[_Turn[Item, Answer]]) -> None:
        began_at = time.monotonic()
        answers = self._together([turn.item for turn in group])
        for turn, answer in zip(group, answers, strict=True):
            turn.answer = answer
        self._learn(began_at, events=len(group))

    def _hand_over(self, group: Sequence[_Turn[Item, Answer]]) -> None:
        with self._guard:
            following = self._queue[0] if self._queue else None
            self._led = following is not None
        for turn in group:
            turn.gathered = True
            turn.over.set()
        if following is not None:
            following.over.set()

    def _commit_alone(self, item: Item) -> Answer | None:
        began_at = time.monotonic()
        answer = self._alone(item)
        self._learn(began_at, events=1)
        return answer

    def _pause_s(self) -> float:
        with self._guard:
            return self._pace.pause_s()

    def _learn(self, began_at: float, *, events: int) -> None:
        with self._guard:
            self._pace.learn(events, began_at=began_at)
