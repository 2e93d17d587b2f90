"""The broker's twin and the broker itself, behind the same fixture."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import pytest
from django.conf import settings

from common.ids import uuid7
from common.kafka.admin import topics_create
from common.kafka.broker import EventProducer, EventSource, OutgoingRecord
from common.kafka.config import consumer_config, producer_config
from common.kafka.memory import MemoryBroker, MemoryProducer, MemorySource
from common.kafka.producer import KafkaProducer
from common.kafka.source import KafkaSource
from tests.factories.events import outgoing

RECORD_MAX = 262_144
"""What our brokers take: their `message.max.bytes`."""


class Mortal(Protocol):
    """A member of a group that reads what it is given, commits nothing, and can be killed."""

    def read_some(self) -> None:
        """Return when it has read at least one record."""

    def die(self) -> None:
        """End without a word to the group."""


@dataclass
class BrokerUnderTest:
    """One empty topic of three partitions, and how to make clients for it."""

    topic: str
    producer: Callable[[], EventProducer]
    source: Callable[[str], EventSource]
    mortal: Callable[[str], "Mortal"]

    def record(self, **members) -> OutgoingRecord:
        """A record for this topic."""
        sent = outgoing(**members)
        return OutgoingRecord(
            topic=self.topic, key=sent.key, value=sent.value, headers=sent.headers
        )


class MortalInMemory:
    def __init__(self, broker: MemoryBroker, topic: str, group: str) -> None:
        self._broker, self._group = broker, group
        self._source = MemorySource(broker, topic=topic, group=group)

    def read_some(self) -> None:
        assert self._source.poll(records_max=100, timeout_s=5)

    def die(self) -> None:
        self._broker.leave(self._group, self._source)


class MortalProcess:
    """A process of its own: only the death of one ends its heartbeats as a real one's does."""

    def __init__(self, topic: str, group: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contracts.mortal", topic, group],
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_some(self) -> None:
        assert self._process.stdout
        assert self._process.stdout.readline()

    def die(self) -> None:
        self._process.kill()
        self._process.communicate()


def memory() -> BrokerUnderTest:
    broker = MemoryBroker(partitions=3, record_max=RECORD_MAX)
    return BrokerUnderTest(
        topic="a-topic",
        producer=lambda: MemoryProducer(broker),
        source=lambda group: MemorySource(broker, topic="a-topic", group=group),
        mortal=lambda group: MortalInMemory(broker, "a-topic", group),
    )


def kafka() -> BrokerUnderTest:
    topic = f"contract-{uuid7()}"
    topics_create([topic])
    return BrokerUnderTest(
        topic=topic,
        producer=lambda: KafkaProducer(producer_config()),
        source=lambda group: KafkaSource(
            consumer_config(group=f"{topic}-{group}", instance_id=""), topic=topic
        ),
        mortal=lambda group: MortalProcess(topic, f"{topic}-{group}"),
    )


@pytest.fixture(params=[memory, kafka], ids=["memory", "kafka"])
def broker(request, monkeypatch) -> Iterator[BrokerUnderTest]:
    monkeypatch.setitem(settings.KAFKA, "TOPIC_PARTITIONS", 3)
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    return request.param()
