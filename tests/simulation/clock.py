"""What the code under test sees of time and chance."""

from datetime import UTC, datetime

from tests.simulation.scheduler import scheduler


class FakeTime:
    """Stands for the module `time`."""

    def monotonic(self) -> float:
        return scheduler().clock

    def time(self) -> float:
        return scheduler().clock


class FakeRandom:
    """Stands for the module `random`."""

    def uniform(self, low: float, high: float) -> float:
        return scheduler().random.uniform(low, high)


class FakeEvent:
    """Stands for `threading.Event`; waiting for it hands the baton on."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def clear(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, timeout: float) -> bool:
        return scheduler().wait(self.is_set, timeout)


def now() -> datetime:
    """The time of the run as a moment."""
    return datetime.fromtimestamp(scheduler().clock, UTC)
