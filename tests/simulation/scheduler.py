"""One baton for all processes: a seeded scheduler says who goes on, and what time it is."""

import heapq
import threading
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

NEVER = float("inf")
_TRACE_MAX = 400


class Killed(BaseException):
    """The process is killed at this point; no handler of the code under test may stop it."""


class Stuck(AssertionError):
    """Everybody waits for something that will never come."""


def _baton() -> threading.Lock:
    """A lock that is taken: whoever takes it again waits until it is handed over."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Process:
    """
    One process: a thread that runs only while it holds the baton.

    `condition` and `deadline` say what it waits for, `frozen_until` how long it is stopped.
    `place` is what the fakes keep for it: its database session and its side.
    """

    def __init__(self, name: str, body: Callable[[], None], place: Any) -> None:
        self.name = name
        self.place = place
        self.turn = _baton()
        self.condition: Callable[[], bool] | None = None
        self.deadline, self.frozen_until = NEVER, 0.0
        self.killed = False
        self.crash: BaseException | None = None
        self._body = body
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        self.turn.acquire()
        try:
            if not self.killed:
                self._body()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  whatever it is, the run must hear of it
            self.crash = error
        scheduler().leave(self)


class Scheduler:
    """
    Runs processes one at a time; the same seed gives the same run.

    `on_step` is called at every step of a process, before the baton may go on; it is where
    faults come from.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(f"scheduler {seed}")
        self.clock = 1_000_000.0
        self.steps = 0
        self.steps_max = 200_000
        self.trace: deque[tuple[int, float, str, str]] = deque(maxlen=_TRACE_MAX)
        self.processes: list[Process] = []
        self.current: Process | None = None
        self.on_step: Callable[[Process, str], None] = lambda process, what: None
        self.goal: Callable[[], bool] = lambda: False
        self.switching = self.random.choice((0.1, 0.3, 0.6, 0.9))
        self.failure: BaseException | None = None
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._main = _baton()
        self._over = False

    def spawn(self, name: str, body: Callable[[], None], place: Any = None) -> Process:
        """Start a process; it goes on when the scheduler lets it."""
        process = Process(name, body, place)
        self.processes.append(process)
        process.thread.start()
        return process

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something when the clock has reached a moment."""
        heapq.heappush(self._timers, (moment, next(self._number), action))

    def run(self) -> None:
        """Hand the baton round until the goal is reached; then end every process."""
        _running.append(self)
        try:
            self._pass_on(None)
            self._main.acquire()
            self._end_all()
        finally:
            _running.pop()
        if self.failure is not None:
            raise self.failure

    def step(self, what: str) -> None:
        """Let time pass; somebody else may go on, or this process may be killed."""
        if (me := self.current) is None:
            return
        if me.killed:
            raise Killed
        self.note(what)
        self.steps += 1
        self.clock += self.random.random() * 0.01
        self.on_step(me, what)
        if me.killed or me.frozen_until > self.clock or self.random.random() < self.switching:
            self._hand_over(me)

    def wait(self, condition: Callable[[], bool] | None, timeout: float) -> bool:
        """Wait until something holds, at most so many seconds; whether it holds."""
        me = self.current
        if me is None or me.killed:
            raise Killed
        me.condition, me.deadline = condition, self.clock + timeout
        self._hand_over(me)
        me.condition, me.deadline = None, NEVER
        return condition is not None and condition()

    def note(self, what: str) -> None:
        """Remember what happened, for the trace of a failing run."""
        self.trace.append(
            (self.steps, self.clock, self.current.name if self.current else "-", what)
        )

    def freeze(self, process: Process, seconds: float) -> None:
        """Stop a process where it is; it goes on later and knows nothing of it."""
        self.note(f"{process.name} is stopped for {seconds:.1f} s")
        process.frozen_until = max(process.frozen_until, self.clock + seconds)

    def kill(self, process: Process) -> None:
        """Kill a process where it is."""
        self.note(f"{process.name} is killed")
        process.killed = True
        process.frozen_until = 0.0

    def fail(self, error: BaseException) -> None:
        """End the run with this error."""
        self.failure = self.failure or error

    def leave(self, process: Process) -> None:
        """Take a process that has ended off the list, and go on with another."""
        self.processes.remove(process)
        if self._over:
            self._main.release()
            return
        if process.crash is not None:
            self.fail(process.crash)
        self._pass_on(None)

    def _hand_over(self, me: Process) -> None:
        self._pass_on(me)
        if me.killed:
            raise Killed

    def _pass_on(self, me: Process | None) -> None:
        """Give the baton to somebody, perhaps back to `me`; returns when `me` has it again."""
        try:
            chosen = self._choose()
        except Exception as error:  # noqa: BLE001  whoever was asked to choose: the run ends
            self.fail(error)
            chosen = None
        if chosen is None:
            self.current = None
            self._main.release()
        elif chosen is not me:
            self.current = chosen
            chosen.turn.release()
        if me is not None and chosen is not me:
            me.turn.acquire()

    def _choose(self) -> Process | None:
        """Who goes on; None when the run is over."""
        while True:
            self._timers_run()
            if self.failure is not None or self.goal():
                return None
            if self.steps > self.steps_max:
                raise Stuck(f"no end after {self.steps_max} steps")
            if (ready := self._somebody_ready()) is not None:
                return ready
            self._sleep()

    def _somebody_ready(self) -> Process | None:
        """The first who can go on, beginning anywhere: asking everybody would take too long."""
        start = int(self.random.random() * len(self.processes))
        everybody = self.processes[start:] + self.processes[:start]
        return next((process for process in everybody if self._is_ready(process)), None)

    def _is_ready(self, process: Process) -> bool:
        if process.killed:
            return True
        if process.frozen_until > self.clock:
            return False
        condition = process.condition
        if process.deadline <= self.clock:
            return True
        return process.deadline == NEVER if condition is None else condition()

    def _sleep(self) -> None:
        """Nobody can go on now: let the clock run to the next moment that changes something."""
        moments = [timer[0] for timer in self._timers[:1]]
        for process in self.processes:
            moments += (process.frozen_until, process.deadline)
        later = [moment for moment in moments if self.clock < moment < NEVER]
        if not later:
            raise Stuck("nobody can go on")
        self.clock = min(later)

    def _timers_run(self) -> None:
        while self._timers and self._timers[0][0] <= self.clock:
            heapq.heappop(self._timers)[2]()

    def _end_all(self) -> None:
        self._over = True
        for process in list(self.processes):
            process.killed = True
            self.current = process
            process.turn.release()
            self._main.acquire()
        self.current = None


_running: list[Scheduler] = []


def scheduler() -> Scheduler:
    """The scheduler of the run that is going on."""
    return _running[-1]


def here() -> Any:
    """The place of the process that holds the baton."""
    current = _running[-1].current
    if current is None:
        raise RuntimeError("no process is running")
    return current.place
