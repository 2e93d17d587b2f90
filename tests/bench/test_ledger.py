"""
How fast one consumer of the transactions service turns events into ledger entries and outcomes.

A real `consume_events`, from Kafka to COMMIT. Beside it, in turn and in the same run, COPY alone
writes the same rows into the same tables (`ledger_copy` says how). The machine is shared: repeat,
and compare ratios rather than rates.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import pytest

from tests.bench import ledger_databases as databases
from tests.bench import ledger_events as events_of
from tests.bench.figures import show
from tests.bench.ledger_consumer import Consumed, alone, consume
from tests.bench.ledger_copy import copied_bare
from tests.bench.ledger_history import multiply

EVENTS = int(os.environ.get("BENCH_EVENTS", "100000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
POSTINGS = int(os.environ.get("BENCH_POSTINGS", "0"))
PEOPLE = 1000

Transfers = Callable[[Sequence[UUID], int], Iterator[events_of.Placed]]


class Runs:
    """What was measured, by what was measured."""

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = {}
        self.memory: dict[str, list[float]] = {}

    def add(self, name: str, found: Consumed) -> None:
        self.rates.setdefault(name, []).append(found.rate)
        self.memory.setdefault(name, []).append(found.rss)


def consumed(
    name: str, transfers: Transfers = events_of.transfers_all_round, **options: bool
) -> Consumed:
    """Preload everything for an empty ledger, in a database of this name, and consume it."""
    owners = events_of.people(PEOPLE)
    _preload(owners, transfers, heads=Counter())
    return consume(databases.fresh(name), events=EVENTS, **options)


def consumed_after(database: str, owners: Sequence[UUID], heads: Counter[UUID]) -> Consumed:
    """Preload as much for people who have a past, and consume it."""
    _preload(owners, events_of.transfers_all_round, heads=heads)
    return consume(database, events=EVENTS)


def _preload(owners: Sequence[UUID], transfers: Transfers, *, heads: Counter[UUID]) -> None:
    events_of.preload(events_of.deposits(owners), heads=heads)
    events_of.preload(transfers(owners, EVENTS - len(owners)), heads=heads)


def with_a_past(owners: Sequence[UUID], heads: Counter[UUID]) -> str:
    """A database in which these people have made POSTINGS postings; its name."""
    database = databases.fresh("bench_past")
    events_of.preload(events_of.deposits(owners), heads=heads)
    consume(database, events=len(owners))
    multiply(database, postings=POSTINGS)
    return database


@pytest.mark.timeout(7200)
def test_events_applied_a_second():
    databases.template_make()
    runs, copies = Runs(), []
    owners, heads = events_of.people(2 * PEOPLE), Counter[UUID]()

    with alone():
        past = with_a_past(owners, heads) if POSTINGS else ""
        for _ in range(REPEATS):
            runs.add("consumer", consumed("bench_ledger"))
            copies.append(copied_bare("bench_ledger", databases.fresh("bench_copy"), events=EVENTS))
            runs.add("one hot account", consumed("bench_hot", events_of.transfers_of_one))
            runs.add("publishing as well", consumed("bench_outcomes", publishing=True))
            if past:
                found = consumed_after(past, owners[:PEOPLE], heads)
                runs.add(f"after {POSTINGS:,} postings", found)

    title = f"ledger: {EVENTS:,} events, {PEOPLE:,} wallets, {REPEATS} repeats"
    beside = {"COPY of the same rows, alone": copies, "consumer": runs.rates["consumer"]}
    show(title, "events a second", beside)
    show("consumer", "events a second", runs.rates)
    show("resident set, at its largest", "MiB", runs.memory)
