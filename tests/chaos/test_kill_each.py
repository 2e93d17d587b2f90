"""Every process is killed once under load; afterwards nothing is lost, doubled or unbalanced."""

import os
from datetime import UTC, datetime

import pytest

from tests.chaos import checker, killing
from tests.chaos.workload import Workload, funded_people
from tests.e2e.client import treasury

SEED = int(os.environ.get("CHAOS_SEED", "20260102"))
ACCEPTED_BETWEEN = 50
VICTIMS = [
    "users-web",
    "transactions-consumer",
    "users-consumer",
    "kafka",
    "postgres-users",
    "postgres-transactions",
    "gateway",
    "transactions-web",
]


@pytest.fixture(scope="module")
def people():
    return funded_people(treasury(), count=6, amount=20_000)


@pytest.mark.timeout(600)
def test_whatever_dies_every_accepted_transaction_has_one_outcome(people):
    began = datetime.now(UTC)
    workload = Workload(people, seed=SEED)
    workload.start()
    try:
        for victim in VICTIMS:
            accepted = workload.wait_for_more(ACCEPTED_BETWEEN)
            back_s = killing.kill_and_wait(victim)
            print(f"{victim}: killed after {accepted} accepted, ready again in {back_s:.1f} s")
    finally:
        workload.stop()

    repeated = sum(entry.attempts > 1 for entry in workload.journal)
    print(f"{len(workload.journal)} accepted, {repeated} of them asked for more than once")
    assert not workload.errors
    assert len(workload.journal) > 50
    assert checker.violations(workload.journal, since=began) == {}
