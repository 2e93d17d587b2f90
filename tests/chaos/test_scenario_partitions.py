"""
The topics get twice as many partitions under load: keys move, and order holds all the same.

A producer hears of new partitions within five minutes, or when it is new. So every process that
publishes is killed in turn, and for a while some use the old number and some the new one.

Runs by the command only: the topics of the stack stay as they are then.
"""

import pytest
from confluent_kafka.admin import NewPartitions

from tests.chaos import groups, killing, topics
from tests.chaos.load import FULL, I7B, assert_all_holds, now, under_load

PARTITIONS = 24
REQUESTS = 100
AFTER_A_KILL = 5

pytestmark = [
    pytest.mark.skipif(not FULL, reason="run by ./manage_all.sh chaos --scenario partitions"),
    pytest.mark.timeout(900),
]


def publishing() -> list[str]:
    """Every process with a publisher: web, consumers, and those that do nothing else."""
    kinds = ("-web", "-consumer", "-publisher")
    return [name for name in killing.names() if any(kind in name for kind in kinds)]


def test_partitions_are_raised_under_load(people):
    since = now()

    with under_load(people) as workload:
        workload.wait_for_more(REQUESTS)
        admin = groups.admin()
        wanted = [NewPartitions(topic, PARTITIONS) for topic in topics.TOPICS]
        for raised in admin.create_partitions(wanted).values():
            raised.result(groups.ANSWER_S)
        for name in publishing():
            killing.kill(name)
            workload.wait_for_more(AFTER_A_KILL)
        for name in publishing():
            killing.wait_until_back(name)
        workload.wait_for_more(REQUESTS)

    assert_all_holds(workload, since=since, without=[I7B])
    used = {seen.partition for seen in topics.records("users.events")}
    assert max(used) >= PARTITIONS // 2
