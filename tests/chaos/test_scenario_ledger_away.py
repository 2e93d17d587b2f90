"""The ledger's database is stopped under load: no consumer leaves its group, nothing is lost."""

import os
import threading

import pytest

from compose.local.stack import stack_from
from tests.chaos import groups, killing
from tests.chaos.load import FULL, assert_all_holds, now, under_load

AWAY_S = 60 if FULL else 8  # longer than the session timeout of 6 s


@pytest.mark.timeout(900)
def test_consumers_stay_in_their_group_while_their_database_is_away(people):
    since = now()
    replicas = stack_from(os.environ).replicas
    before = groups.wait_until_shared("transactions", count=replicas)

    with under_load(people) as workload:
        killing.stop("postgres-transactions")
        threading.Event().wait(AWAY_S)
        during = groups.members("transactions")
        killing.start("postgres-transactions")
        killing.wait_until_back("postgres-transactions")

    assert during == before
    assert_all_holds(workload, since=since)
    assert groups.members("transactions") == before
