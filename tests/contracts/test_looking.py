"""Questions to a real Kafka for people who wait for a page."""

import subprocess
import sys
import time
from contextlib import closing

import pytest
from django.conf import settings

from common.ids import uuid7
from common.kafka.broker import BrokerError
from common.kafka.groups import groups_describe
from common.kafka.looking import RECORDS_MAX, topic_look, topics_describe
from compose.local.stack import ROOT
from tests.contracts.conftest import kafka
from tests.contracts.test_broker import publish, read

SOON_S = 4.0
"""A second or two, and as much again for a machine that is busy."""


@pytest.fixture
def broker(monkeypatch):
    monkeypatch.setitem(settings.KAFKA, "TOPIC_PARTITIONS", 3)
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    return kafka()


def described(broker):
    (topic,) = topics_describe([broker.topic])
    return topic


class TestGroupsDescribe:
    def test_says_who_reads_what_and_how_far(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(30)])
        group = f"{broker.topic}-readers"
        with closing(broker.source("readers")) as source:
            records = read(source, 30)
            source.commit([one for one in records if one.partition == 0])

            standing = wait_for_commit(broker, group)

            (member,) = standing.members
            assert member.partitions == (0, 1, 2)
            assert member.host
        assert standing.state == "stable"
        assert standing.places[0].lag == 0
        assert standing.places[1].committed is None
        assert standing.lag == sum(one.partition != 0 for one in records)

    def test_says_that_nobody_reads(self, broker):
        (standing,) = groups_describe({f"{broker.topic}-nobody": broker.topic})

        assert (standing.members, standing.lag, len(standing.places)) == ((), 0, 3)

    def test_takes_a_topic_that_does_not_exist_for_empty(self):
        (standing,) = groups_describe({"nobody": "nowhere"})

        assert (standing.places, standing.lag) == ({}, 0)

    def test_gives_up_soon_when_nobody_answers(self, monkeypatch):
        monkeypatch.setitem(settings.KAFKA, "BOOTSTRAP_SERVERS", "127.0.0.1:1")
        began = time.monotonic()

        with pytest.raises(BrokerError):
            groups_describe({"transactions": "users.events"})

        assert time.monotonic() - began < SOON_S

    def test_survives_answers_that_come_when_nobody_waits_any_more(self):
        """The client ends its process when a request times out at the wrong moment."""
        impatient = subprocess.run(
            [sys.executable, "-m", "tests.contracts.impatient"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert impatient.returncode == 0, impatient.stderr[-2000:]
        assert "some were answered, some not" in impatient.stdout


class TestTopicLook:
    def test_gives_the_newest_of_all_partitions(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(200)])

        look = topic_look(described(broker), limit=10)

        assert len(look.records) == 10
        assert {one.partition for one in look.records} == {0, 1, 2}
        times = [one.timestamp_ms for one in look.records]
        assert times == sorted(times, reverse=True)

    def test_gives_those_of_a_partition_before_an_offset(self, broker):
        stream = uuid7()
        delivered = publish(broker, [broker.record(stream=stream) for _ in range(9)])
        partition = delivered[0].partition

        look = topic_look(described(broker), partition=partition, before=5, limit=3)

        assert [one.offset for one in look.records] == [4, 3, 2]
        assert topic_look(described(broker), partition=partition, before=0).records == []

    def test_gives_no_more_than_a_page(self, broker):
        stream = uuid7()
        publish(broker, [broker.record(stream=stream) for _ in range(RECORDS_MAX + 30)])

        assert len(topic_look(described(broker), limit=10_000).records) == RECORDS_MAX

    def test_gives_nothing_of_an_empty_topic_or_of_none(self, broker):
        assert topic_look(described(broker)).records == []
        (nowhere,) = topics_describe(["nowhere"])
        assert topic_look(nowhere).records == []

    def test_says_how_a_topic_is_laid_out(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(20)])

        topic = described(broker)

        assert topic.records == 20
        assert [one.in_sync for one in topic.partitions.values()] == [1, 1, 1]


def wait_for_commit(broker, group):
    """A commit is asynchronous, and an answer to it takes a moment."""
    deadline = time.monotonic() + 10
    while True:
        (standing,) = groups_describe({group: broker.topic})
        if standing.places[0].committed is not None or time.monotonic() > deadline:
            return standing
