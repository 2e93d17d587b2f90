"""A run under load around one event, and the end that every such run has."""

import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from tests.chaos import checker
from tests.chaos.bank import Bank
from tests.chaos.people import Person
from tests.chaos.workload import Workload

FULL = bool(os.environ.get("CHAOS_FULL"))
"""Whether the run was asked for by `./manage_all.sh chaos`, and may take minutes."""

SEED = int(os.environ.get("CHAOS_SEED", "20260102"))
RATE = 20.0
I7B = "I7b first appearances in the topics are in order"


@contextmanager
def under_load(people: list[Person], *, rate: float = RATE) -> Iterator[Workload]:
    """Load while the block runs; what has no answer then is asked again."""
    workload = Workload(people, seed=SEED, rate=rate)
    workload.start()
    try:
        yield workload
    finally:
        workload.stop()


def assert_all_holds(workload: Workload, *, since: datetime, without: Sequence[str] = ()) -> None:
    """
    Ask again, wait for rest, and hold every invariant against both sides.

    `without` names those that what happened makes meaningless.
    """
    journal = workload.journal
    wrong = checker.resolve_unknown(journal)
    drained_s = checker.wait_for_rest()
    found = checker.verdicts(journal, bank=Bank(), since=since)
    resolved = sum(entry.unknown_before for entry in journal.accepted)
    print(
        f"{len(journal.accepted)} accepted, {resolved} of them only when asked again;"
        f" at rest after {drained_s} s"
    )
    assert not wrong, wrong
    assert drained_s is not None, checker.under_way()
    violated = checker.violated(found)
    left = {name: evidence for name, evidence in violated.items() if name not in without}
    assert not left, left


def now() -> datetime:
    """The time from which on dead letters are this run's."""
    return datetime.now(UTC)


def p99_ms(workload: Workload, *, begin: float, end: float) -> float:
    """The 99th percentile of the answers asked for between two monotonic times."""
    return statistics.quantiles(_taken_ms(workload, begin, end), n=100)[98]


def median_ms(workload: Workload, *, begin: float, end: float) -> float:
    """What half of the answers asked for between two monotonic times took at most."""
    return statistics.median(_taken_ms(workload, begin, end))


def _taken_ms(workload: Workload, begin: float, end: float) -> list[float]:
    taken = [seconds * 1000 for asked, seconds in workload.latencies_s if begin <= asked < end]
    assert len(taken) > 10, "too few answers to say anything of them"
    return taken
