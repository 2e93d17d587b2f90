"""
The disk of a store is full for a while, under load: nothing is half accepted, all goes on after.

Runs by the command only, as root, which alone may mount a file system with a size cap.
"""

import threading

import pytest

from tests.chaos import disks, killing
from tests.chaos.load import FULL, assert_all_holds, now, under_load

FULL_FOR_S = 15
REQUESTS = 30

pytestmark = [
    pytest.mark.skipif(not FULL, reason="run by ./manage_all.sh chaos --scenario disk_full"),
    pytest.mark.skipif(not disks.can_be_capped(), reason="only root may mount a file system"),
    pytest.mark.timeout(900),
]


@pytest.mark.parametrize("name", ["postgres-users", "postgres-transactions", "kafka"])
def test_a_full_disk_is_survived(people, name):
    since = now()

    with disks.capped(name) as folder:
        with under_load(people) as workload:
            workload.wait_for_more(REQUESTS)
            filler = disks.fill(folder)
            threading.Event().wait(FULL_FOR_S)
            filler.unlink()
            killing.wait_until_back(name)
            workload.wait_for_more(REQUESTS)
        assert_all_holds(workload, since=since)
