"""Makes the producer and the consumer of this process from its settings."""

from django.conf import settings

from common.kafka.broker import EventProducer, EventSource
from common.kafka.config import consumer_config, producer_config
from common.kafka.producer import KafkaProducer
from common.kafka.reading import KafkaReading
from common.kafka.source import KafkaSource


def producer_open() -> EventProducer:
    """A producer for this process; call it after the fork."""
    return KafkaProducer(producer_config())


def source_open(*, topic: str, group: str, from_beginning: bool = False) -> EventSource:
    """
    A member of `group` that reads `topic`, under this process's static id if it has one.

    With `from_beginning` it reads each of its partitions from the first record.
    """
    config = consumer_config(group=group, instance_id=settings.KAFKA["CONSUMER_INSTANCE_ID"])
    return KafkaSource(config, topic=topic, from_beginning=from_beginning)


def reading_open(*, topic: str, group: str, from_beginning: bool = False) -> KafkaReading:
    """A look at what `group` has not read of `topic` yet. Raises `BrokerError`."""
    config = consumer_config(group=group, instance_id="")
    return KafkaReading(config, topic=topic, from_beginning=from_beginning)
