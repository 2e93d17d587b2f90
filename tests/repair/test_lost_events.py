"""Kafka forgets events before they were consumed; they are sent again from the outbox."""

import os

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from compose.local import supervisor
from compose.local.stack import stack_from
from tests.e2e.client import treasury
from tests.repair import operator
from tests.repair.test_restore import FUNDS, funded, pay_around, settle


def forget(topic):
    """Remove everything from a topic, as retention does with what is old."""
    admin = AdminClient({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]})
    partitions = admin.list_topics(topic, timeout=10).topics[topic].partitions
    places = [TopicPartition(topic, partition) for partition in partitions]
    ends = admin.list_offsets(dict.fromkeys(places, OffsetSpec.latest()))
    at = [
        TopicPartition(place.topic, place.partition, future.result().offset)
        for place, future in ends.items()
    ]
    for future in admin.delete_records(at).values():
        future.result()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("topic", "producer", "consumer"),
    [
        ("users.events", "users", "transactions"),
        ("transactions.events", "transactions", "users"),
    ],
)
def test_what_retention_took_before_it_was_read_is_sent_again(topic, producer, consumer):
    bank = treasury()
    people = [funded(bank), funded(bank)]
    stack = stack_from(os.environ)
    supervisor.stop_process(stack, f"{consumer}-consumer")
    made = pay_around(people, 2)
    operator.wait_until_published(producer, [transaction_id for _, transaction_id in made])

    forget(topic)
    operator.start(consumer)
    more = pay_around(people, 1)
    operator.reconcile_until_proven(producer)

    assert settle(made + more)
    assert sum(person.balance() for person in people) == (FUNDS - 3 * 3) * len(people)
