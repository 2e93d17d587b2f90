"""
A topic is deleted and made again under load: what was lost with it is sent again.

Runs by the command only: reconciliation waits a minute before it sends again.
"""

import pytest
from confluent_kafka.admin import NewTopic

from tests.chaos import groups, killing
from tests.chaos.load import FULL, I7B, assert_all_holds, now, under_load
from tests.e2e.client import wait_for

PARTITIONS = 4
REQUESTS = 100

pytestmark = [
    pytest.mark.skipif(not FULL, reason="run by ./manage_all.sh chaos --scenario topic_again"),
    pytest.mark.timeout(900),
]


@pytest.mark.parametrize(
    ("topic", "reader"), [("users.events", "transactions"), ("transactions.events", "users")]
)
def test_a_topic_is_deleted_and_made_again(people, topic, reader):
    since = now()
    readers = [name for name in killing.names() if name.startswith(f"{reader}-consumer")]

    with under_load(people) as workload:
        workload.wait_for_more(REQUESTS)
        for name in readers:
            killing.stop(name)
        workload.wait_for_more(REQUESTS)  # of which nobody reads the events before they are gone
        admin = groups.admin()
        for deleted in admin.delete_topics([topic]).values():
            deleted.result(groups.ANSWER_S)
        wait_for("the topic can be made again", lambda: _made(admin, topic), deadline_s=30)
        for name in readers:
            killing.start(name)
        workload.wait_for_more(REQUESTS)

    assert_all_holds(workload, since=since, without=[I7B])


def _made(admin, topic: str) -> bool | None:
    wanted = NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)
    made = admin.create_topics([wanted])[topic]
    return True if made.exception(groups.ANSWER_S) is None else None
