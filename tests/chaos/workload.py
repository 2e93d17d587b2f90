"""A stream of requests at a rate, and the journal of what became of them."""

import random
import threading
import time
from dataclasses import dataclass, field

from tests.chaos.journal import Journal
from tests.chaos.orders import Orders
from tests.chaos.people import GIVES_UP_AFTER_S, Person
from tests.e2e.client import wait_for

THREADS = 8
IMPATIENT = 3  # attempts of those clients who do not leave it at the first
MORE_WITHIN_S = 60
BEHIND_MAX_S = 1.0  # what a fault kept from being asked is not asked all at once after it


@dataclass
class Workload:
    """
    `people` pay each other, withdraw, hold and give back at random until they are told to stop.

    `rate` is in requests a second over all threads; None is as fast as answers come. Holds that
    nobody captures outlive any run, unless they are `expiring`.
    """

    people: list[Person]
    seed: int
    rate: float | None = None
    expiring: bool = False
    journal: Journal = field(default_factory=Journal)
    latencies_s: list[tuple[float, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)
    _orders: Orders = field(init=False)

    def __post_init__(self) -> None:
        self._orders = Orders(self.people, expiring=self.expiring)

    def start(self) -> None:
        """Begin, in threads."""
        for number in range(THREADS):
            chance = random.Random(f"{self.seed}/{number}")  # noqa: S311  a seed, not a secret
            thread = threading.Thread(target=self._run, args=(chance,), daemon=True)
            thread.start()
            self._running.append(thread)

    def stop(self) -> None:
        """Begin nothing new, and wait for the answers that are under way."""
        self._stop.set()
        for thread in self._running:
            thread.join(IMPATIENT * GIVES_UP_AFTER_S * 4)
            assert not thread.is_alive(), "a client hangs although it gives up after a time"

    def wait_for_more(self, count: int) -> int:
        """Wait until so many more requests were accepted; return how many there are then."""
        accepted = self.journal.accepted
        enough = len(accepted) + count
        wait_for(
            f"{count} more accepted",
            lambda: True if len(accepted) >= enough else None,
            deadline_s=MORE_WITHIN_S,
        )
        return len(accepted)

    def _run(self, chance: random.Random) -> None:
        due = time.monotonic() + self._interval() * chance.random()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            asked = self._orders.next(chance)
            attempts = IMPATIENT if chance.random() < 0.5 else 1
            began = time.monotonic()
            accepted = self.journal.ask(asked, attempts_max=attempts)
            if accepted:
                self._orders.accepted(asked, accepted)
            self.latencies_s.append((began, time.monotonic() - began))
            due = max(due + self._interval(), time.monotonic() - BEHIND_MAX_S)

    def _interval(self) -> float:
        return THREADS / self.rate if self.rate else 0.0


def highest_rate(people: list[Person], *, seed: int, seconds: float) -> tuple[float, Journal]:
    """
    Measure how many requests a second are taken all the way to their outcome.

    As many as eight clients without pause can ask for, over the time until the last is settled.
    The holds that are left expire while whatever is measured for goes on.
    """
    workload = Workload(people, seed=seed, expiring=True)
    began = time.monotonic()
    workload.start()
    threading.Event().wait(seconds)
    workload.stop()
    journal = workload.journal
    if journal.accepted:
        last = journal.accepted[-1]
        asker = next(person for person in people if person.id == last.asker)
        wait_for("the last is settled", lambda: asker.is_settled(last.location) or None)
    return len(journal.accepted) / (time.monotonic() - began), journal
