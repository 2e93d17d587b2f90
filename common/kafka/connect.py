"""Makes the producer and the consumer of this process from its settings."""

from django.conf import settings

from common.kafka.broker import EventProducer, EventSource
from common.kafka.config import consumer_config, producer_config
from common.kafka.producer import KafkaProducer
from common.kafka.source import KafkaSource


def producer_open() -> EventProducer:
    """A producer for this process; call it after the fork."""
    return KafkaProducer(producer_config())


def source_open(*, topic: str, group: str) -> EventSource:
    """A member of `group` that reads `topic`, under this process's static id if it has one."""
    config = consumer_config(group=group, instance_id=settings.KAFKA["CONSUMER_INSTANCE_ID"])
    return KafkaSource(config, topic=topic)
