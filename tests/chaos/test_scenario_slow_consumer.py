"""
A consumer stands still beyond max.poll.interval and comes back: a zombie that does no harm.

Runs by the command only. The stack's interval is KAFKA_MAX_POLL_INTERVAL_MS, seconds instead of the
minute and a half of a deployment.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos import killing
from tests.chaos.load import FULL, assert_all_holds, now, under_load

pytestmark = [
    pytest.mark.skipif(not FULL, reason="run by ./manage_all.sh chaos --scenario slow_consumer"),
    pytest.mark.timeout(900),
]


def test_a_consumer_stands_still_for_twice_the_interval(people):
    since = now()
    paused_s = 2 * int(os.environ["KAFKA_MAX_POLL_INTERVAL_MS"]) / 1000
    victims = ["transactions-consumer", "users-consumer"]

    with under_load(people) as workload, ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: killing.pause(name, paused_s), victims))
        for name in victims:
            killing.wait_until_back(name)
        workload.wait_for_more(50)

    assert_all_holds(workload, since=since)
