"""The broker's twin and the broker itself, behind the same fixture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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


@dataclass
class BrokerUnderTest:
    """One empty topic of three partitions, and how to make clients for it."""

    topic: str
    producer: Callable[[], EventProducer]
    source: Callable[[str], EventSource]

    def record(self, **members) -> OutgoingRecord:
        """A record for this topic."""
        sent = outgoing(**members)
        return OutgoingRecord(
            topic=self.topic, key=sent.key, value=sent.value, headers=sent.headers
        )


def memory() -> BrokerUnderTest:
    broker = MemoryBroker(partitions=3)
    return BrokerUnderTest(
        topic="a-topic",
        producer=lambda: MemoryProducer(broker),
        source=lambda group: MemorySource(broker, topic="a-topic", group=group),
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
    )


@pytest.fixture(params=[memory, kafka], ids=["memory", "kafka"])
def broker(request, monkeypatch) -> Iterator[BrokerUnderTest]:
    monkeypatch.setitem(settings.KAFKA, "TOPIC_PARTITIONS", 3)
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    return request.param()
