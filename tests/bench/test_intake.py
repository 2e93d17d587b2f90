"""
How fast transactions are accepted: POST through the gateway, with everything on.

That is: the token checked at the gateway and by the service, the idempotency key claimed, the
stream's sequence taken, the event written, published and consumed, and its outcome brought back.
Beside it, in turn and in the same run, the comparison stack, which has neither tokens nor keys
(`BENCH_PEER_DIR` says where it is). The machine is shared by the load, both systems and whoever
else works on it: compare ratios, and the processor time that a request costs, rather than rates.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.bench import cpu
from tests.bench import intake_requests as requests_of
from tests.bench import intake_waiters as waiters
from tests.bench.figures import percentile, show
from tests.bench.http_load import Load, closed_loop, open_loop
from tests.bench.intake_outcomes import Outcomes
from tests.bench.intake_systems import PEOPLE, Ours, System, comparisons

REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
CONNECTIONS = [int(one) for one in os.environ.get("BENCH_CONNECTIONS", "1,8,32,64").split(",")]
RATES = (20, 200)
BESIDE = 32
"""Connections of the load beside which something else happens."""

BATCH_ITEMS = 500
BATCH_CONNECTIONS = 4

_BEHIND = ("transactions-consumer", "transactions-web", "transactions-celery")


class Figures:
    """What was measured, by what was measured."""

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = {}
        self.p50: dict[str, list[float]] = {}
        self.p99: dict[str, list[float]] = {}

    def add(self, name: str, load: Load) -> None:
        self.rates.setdefault(name, []).append(load.rate)
        self.p50.setdefault(name, []).append(percentile(load.latencies, 50) * 1000)
        self.p99.setdefault(name, []).append(percentile(load.latencies, 99) * 1000)

    def show(self, title: str) -> None:
        show(title, "requests a second", self.rates)
        show("half of the answers within", "milliseconds", self.p50, decimals=1)
        show("99 of 100 answers within", "milliseconds", self.p99, decimals=1)


@pytest.fixture(scope="module")
def ours() -> Ours:
    return Ours()


def warm(system: System) -> None:
    """Let caches, pools, plans and the JIT compilers of the others see some requests first."""
    some = itertools.islice(system.requests(), PEOPLE)
    closed_loop(system.address, some, connections=BESIDE, seconds=60)
    system.wait_for_rest()


def loaded(system: System, connections: int, seconds: float = SECONDS) -> Load:
    return closed_loop(system.address, system.requests(), connections=connections, seconds=seconds)


@contextmanager
def alone(system: System, *, among: int) -> Iterator[None]:
    """Let a system work by itself; where there is no other, it just goes on working."""
    if among == 1:
        yield
        return
    with system.working():
        yield


@pytest.mark.timeout(7200)
def test_requests_a_second(ours):
    systems: list[System] = [ours, *comparisons()]
    races = {connections: Figures() for connections in CONNECTIONS}
    costs: dict[str, dict[str, list[float]]] = {system.name: {} for system in systems}
    if len(systems) > 1:
        ours.rest()

    for _ in range(REPEATS):
        for system in systems:
            with alone(system, among=len(systems)):
                warm(system)
                before, answers = cpu.spent(system.processes()), 0
                for connections, race in races.items():
                    load = loaded(system, connections)
                    answers += len(load.latencies)
                    race.add(system.name, load)
                system.wait_for_rest()
                spent = cpu.since(before, cpu.spent(system.processes()))
                for name, seconds in {"all": sum(spent.values()), **spent}.items():
                    costs[system.name].setdefault(name, []).append(seconds / answers * 1e6)
    if len(systems) > 1:
        ours.resume()

    for connections, race in races.items():
        race.show(f"intake: {connections} connections, {SECONDS:g} s, {REPEATS} repeats")
    for name, cost in costs.items():
        show(f"processor time of a request, {name}", "microseconds", cost)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rate", RATES)
def test_milliseconds_from_the_answer_to_the_outcome(ours, rate):
    outcomes, answers = Figures(), Figures()
    warm(ours)

    for _ in range(REPEATS):
        with Outcomes().watched() as seen:
            load = open_loop(
                ours.address, ours.requests(), rate=rate, seconds=SECONDS, heard=seen.heard
            )
        answers.add("answer", load)
        outcomes.add("outcome", Load(load.seconds, seen.took))

    title = f"{rate} requests a second, {SECONDS:g} s, {REPEATS} repeats"
    answers.show(f"answers at {title}")
    outcomes.show(f"from the answer to the outcome, at {title}")


@pytest.mark.timeout(3600)
def test_requests_a_second_while_others_wait(ours):
    payer, payee = ours.people[:2]
    if not waiters.preference_applied(ours.address, payer, payee):
        pytest.skip("nobody can wait yet: Prefer: wait=N is not applied")
    figures = Figures()
    warm(ours)

    with ours.without("transactions-consumer"):  # so that there is something to wait for
        ids = [
            waiters.accepted_id(ours.address, person, payee)
            for person in ours.people[2 : 2 + waiters.WAITERS]
        ]
        for _ in range(REPEATS):
            figures.add("nobody waits", loaded(ours, BESIDE))
            with waiters.waiting(ours.address, ours.people):
                figures.add(f"{waiters.WAITERS} clients wait", loaded(ours, BESIDE))
            followers = ours.people[2 : 2 + waiters.WAITERS]
            if waiters.streams(ours.address, followers[0], ids[0]):
                with waiters.streaming(ours.address, followers, ids):
                    figures.add(f"{waiters.WAITERS} clients follow", loaded(ours, BESIDE))
    ours.wait_for_rest()

    figures.show(f"intake: {BESIDE} connections beside clients that wait, {REPEATS} repeats")


@pytest.mark.timeout(3600)
def test_items_a_second_of_batches(ours):
    asked = next(requests_of.batches(ours.people, items=1))
    probe = httpx.post(
        f"http://{ours.address[0]}:{ours.address[1]}{requests_of.TRANSACTIONS}/batch",
        headers={"Authorization": f"Bearer {ours.people[0].token}"},
        content=asked.partition(b"\r\n\r\n")[2],
        trust_env=False,
    )
    if probe.status_code == httpx.codes.NOT_FOUND:
        pytest.skip("there are no batches yet: POST /transactions/batch is 404")
    figures: dict[str, list[float]] = {"items": []}
    warm(ours)

    for _ in range(REPEATS):
        ours.requests()  # everybody signs in again
        load = closed_loop(
            ours.address,
            requests_of.batches(ours.people, items=BATCH_ITEMS),
            connections=BATCH_CONNECTIONS,
            seconds=SECONDS,
        )
        figures["items"].append(load.rate * BATCH_ITEMS)
        ours.wait_for_rest()

    title = f"batches of {BATCH_ITEMS}, {BATCH_CONNECTIONS} connections, {REPEATS} repeats"
    show(title, "items a second", figures)


@pytest.mark.timeout(3600)
def test_requests_a_second_with_everything_behind_away(ours):
    figures = Figures()
    warm(ours)

    for _ in range(REPEATS):
        figures.add("everything there", loaded(ours, BESIDE))
        ours.wait_for_rest()
        with ours.without(*_BEHIND, "postgres-transactions", "kafka"):
            figures.add("Kafka, transactions and its database away", loaded(ours, BESIDE))
        ours.wait_for_rest()

    figures.show(f"intake: {BESIDE} connections, {SECONDS:g} s, {REPEATS} repeats")
