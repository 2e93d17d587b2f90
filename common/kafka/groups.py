"""Who reads a topic, asked of the brokers."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from common.kafka.broker import BrokerError
from common.kafka.config import client_config

_TIMEOUT_S = 10.0


def group_members(*, group: str) -> int:
    """How many members a consumer group has; none if nobody ever joined. Raises `BrokerError`."""
    admin = AdminClient(client_config())
    try:
        future = admin.describe_consumer_groups([group], request_timeout=_TIMEOUT_S)[group]
        return len(future.result(_TIMEOUT_S).members)
    except KafkaException as error:
        raise BrokerError(error.args[0].str()) from error
