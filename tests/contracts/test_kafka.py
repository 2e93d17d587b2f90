"""What only a real Kafka can do to us."""

import base64
import os
import time
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import OFFSET_END, Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from django.conf import settings

from common.events.topics import (
    DEAD_LETTER_RECORD_MAX,
    RECORD_MAX_BY_TOPIC,
    USERS_DEAD_LETTERS,
)
from common.ids import uuid7
from common.inbox.arrival import Poison, arrive
from common.kafka import source
from common.kafka.admin import group_lag, group_places, topics_create
from common.kafka.broker import BrokerError, Delivery, OutgoingRecord, Refusal
from common.kafka.config import client_config, consumer_config
from common.kafka.producer import refusal_of
from tests.contracts.conftest import kafka
from tests.contracts.raw_records import record_write
from tests.contracts.test_broker import publish, read
from tests.factories.events import NOON

BROKERS_BATCH_MAX = 262_144
"""`message.max.bytes` of our brokers."""

GIVEN_UP_WITHIN_S = 10

ENOUGH_TO_SPECIALISE = 50
"""Calls after which the interpreter takes its short cuts."""


@pytest.fixture
def broker(monkeypatch):
    monkeypatch.setitem(settings.KAFKA, "TOPIC_PARTITIONS", 3)
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    return kafka()


def limit_batches(topic):
    admin = AdminClient(client_config())
    entry = ConfigEntry(
        "max.message.bytes",
        str(BROKERS_BATCH_MAX),
        incremental_operation=AlterConfigOpType.SET,
    )
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(10)
    time.sleep(0.5)  # the broker's own cache


def delete_all(topic, partition):
    admin = AdminClient(client_config())
    for future in admin.delete_records([TopicPartition(topic, partition, OFFSET_END)]).values():
        future.result(10)


def wait_for_delivery(broker, record):
    """The broker learns of a new limit a moment after it was set."""
    deadline = time.monotonic() + 10
    while isinstance((report := publish(broker, [record])[0]), Refusal):
        if time.monotonic() > deadline:
            break
    return report


class TestPublish:
    def test_sends_a_burst_of_large_events_in_batches_that_the_broker_takes(self, broker):
        """Each is far below the limit; together they would be refused for good."""
        limit_batches(broker.topic)
        records = [
            OutgoingRecord(
                topic=broker.topic,
                key=str(number).encode(),
                value=base64.b64encode(os.urandom(9000)),
                headers=[],
            )
            for number in range(300)
        ]

        reports = publish(broker, records)

        assert {type(report) for report in reports} == {Delivery}

    def test_gives_up_soon_on_a_topic_that_does_not_exist(self, broker):
        """Meanwhile no event leaves, so a missing topic for letters must not take long."""
        began = time.monotonic()

        (refused,) = publish(broker, [broker.record()._replace(topic=f"{broker.topic}-missing")])

        assert isinstance(refused, Refusal)
        assert not refused.permanent
        assert time.monotonic() - began < GIVEN_UP_WITHIN_S

    def test_raises_the_limit_of_a_topic_that_was_there_before(self, broker, monkeypatch):
        monkeypatch.setitem(RECORD_MAX_BY_TOPIC, broker.topic, DEAD_LETTER_RECORD_MAX)

        assert topics_create([broker.topic]) == []

        record = broker.record()._replace(value=os.urandom(300_000))
        taken = wait_for_delivery(broker, record)
        assert isinstance(taken, Delivery)

    def test_takes_a_dead_letter_that_is_larger_than_any_event_may_be(self, broker):
        value = os.urandom(300_000)

        (event,) = publish(broker, [broker.record()._replace(value=value)])
        letter = broker.record()._replace(topic=USERS_DEAD_LETTERS, value=value)
        (kept,) = publish(broker, [letter])

        assert isinstance(event, Refusal)
        assert event.permanent
        assert isinstance(kept, Delivery)


class TestPoll:
    @pytest.mark.parametrize("name", [b"ce_\xff\xfe", b"ce_\x00id", b""])
    def test_gives_a_record_whose_header_has_no_legible_name(self, broker, name):
        for _ in range(ENOUGH_TO_SPECIALISE):
            record_write(broker.topic, header_name=name)

        with closing(broker.source("readers")) as source:
            found = read(source, ENOUGH_TO_SPECIALISE)

        assert {(record.key, record.value) for record in found} == {(b"key", b"value")}
        assert all(isinstance(arrive(record, consumed_at=NOON), Poison) for record in found)


class TestRefusalOf:
    def test_gives_up_on_what_is_too_large_and_not_on_what_was_damaged_on_its_way(self):
        too_large = refusal_of(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        damaged = refusal_of(KafkaError(KafkaError.INVALID_MSG))

        assert (too_large.permanent, damaged.permanent) == (True, False)


class TestGroupLag:
    def test_counts_what_a_group_has_not_committed(self, broker):
        publish(broker, [broker.record() for _ in range(5)])

        assert group_lag(group=f"{broker.topic}-nobody", topic=broker.topic) == 5

    def test_says_where_a_group_stands_in_every_partition(self, broker):
        records = [broker.record() for _ in range(6)]
        publish(broker, records)
        group = f"{broker.topic}-half"
        with closing(broker.source("half")) as source:
            (first, *_) = read(source, 6)
            source.commit([first])

        places = group_places(group=group, topic=broker.topic)

        assert len(places) == 3
        assert sum(place.end for place in places.values()) == 6
        assert places[first.partition].resume == first.offset + 1
        others = [place for number, place in places.items() if number != first.partition]
        assert [place.resume for place in others] == [0, 0]

    def test_resumes_at_the_first_record_when_retention_has_passed_a_group(self, broker):
        """The simulation's broker takes this for granted."""
        record = broker.record()
        publish(broker, [record, record, record])
        group = f"{broker.topic}-overtaken"
        with closing(broker.source("overtaken")) as source:
            (first, *_) = read(source, 3)
            source.commit([first])
        delete_all(first.topic, first.partition)

        place = group_places(group=group, topic=broker.topic)[first.partition]

        assert (place.resume, place.end, place.lag) == (3, 3, 0)

    def test_says_so_when_there_is_no_topic(self):
        with pytest.raises(BrokerError, match="there is no topic"):
            group_lag(group="nobody", topic="nowhere")


class TestOffsetsThatAreTrue:
    """Reconciliation takes what a group has committed for how far it has read."""

    def test_those_that_another_member_puts_back_are_committed_again(self, broker, monkeypatch):
        monkeypatch.setattr(source, "_COMMIT_AGAIN_S", 0.2)
        publish(broker, [broker.record(stream=uuid7()) for _ in range(60)])
        with closing(broker.source("back")) as reader, closing(member(broker, "back")) as late:
            reader.commit(read(reader, 60))
            mine = {0, 1, 2} - join(late, broker, beside=reader)

            late.commit(
                offsets=[TopicPartition(broker.topic, number, 0) for number in mine],
                asynchronous=False,
            )

            assert all(places(broker, "back")[number].resume == 0 for number in mine)
            reader.poll(records_max=1, timeout_s=0.5)
            reader.poll(records_max=1, timeout_s=0.5)
            assert group_lag(group=f"{broker.topic}-back", topic=broker.topic) == 0

    def test_what_was_read_before_a_partition_went_elsewhere_is_not_committed(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(60)])
        with closing(broker.source("gone")) as reader, closing(member(broker, "gone")) as late:
            records = read(reader, 60)
            theirs = join(late, broker, beside=reader)

            reader.commit(records)
            reader.poll(records_max=1, timeout_s=0.5)

            found = places(broker, "gone")
        assert {number for number, place in found.items() if place.resume == 0} == theirs

    def test_nothing_is_given_of_a_partition_that_went_while_a_batch_was_read(
        self, broker, monkeypatch
    ):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(60)])
        with closing(broker.source("away")) as reader:
            client = Leaving(reader._consumer)
            monkeypatch.setattr(reader, "_consumer", client)
            deadline = time.monotonic() + 20
            while not client.has_left:
                assert time.monotonic() < deadline
                records = reader.poll(records_max=100, timeout_s=0.1)

        assert records == []


class Leaving:
    """A client whose partitions all go after the first record of a batch, before the others."""

    def __init__(self, client) -> None:
        self._client = client
        self.has_left = False

    def __getattr__(self, name) -> Any:
        return getattr(self._client, name)

    def consume(self, **_):
        self._client.unsubscribe()
        while self._client.assignment():
            self._client.poll(0.1)
        self.has_left = True
        return []


def member(broker, group):
    """One that is about to join, as librdkafka has it, without our source around it."""
    return Consumer(consumer_config(group=f"{broker.topic}-{group}", instance_id=""))


def join(late, broker, *, beside):
    """Let the group share its partitions anew; which of them the new member has got."""
    late.subscribe([broker.topic])
    deadline = time.monotonic() + 20
    while not late.assignment():
        assert time.monotonic() < deadline
        late.poll(0.1)
        beside.poll(records_max=1, timeout_s=0.1)
    return {place.partition for place in late.assignment()}


def places(broker, group):
    return group_places(group=f"{broker.topic}-{group}", topic=broker.topic)
