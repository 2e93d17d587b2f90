"""
The topics get twice as many partitions under load: keys move, and order holds all the same.

Runs by the command only: the topics of the stack stay as they are then.
"""

import pytest
from confluent_kafka.admin import NewPartitions

from tests.chaos import groups, topics
from tests.chaos.load import FULL, I7B, assert_all_holds, now, under_load

PARTITIONS = 24
REQUESTS = 100

pytestmark = [
    pytest.mark.skipif(not FULL, reason="run by ./manage_all.sh chaos --scenario partitions"),
    pytest.mark.timeout(900),
]


def test_partitions_are_raised_under_load(people):
    since = now()

    with under_load(people) as workload:
        workload.wait_for_more(REQUESTS)
        admin = groups.admin()
        wanted = [NewPartitions(topic, PARTITIONS) for topic in topics.TOPICS]
        for raised in admin.create_partitions(wanted).values():
            raised.result(groups.ANSWER_S)
        workload.wait_for_more(REQUESTS)

    assert_all_holds(workload, since=since, without=[I7B])
    used = {seen.partition for seen in topics.records("users.events")}
    assert max(used) >= PARTITIONS // 2
