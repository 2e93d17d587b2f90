"""Topics and lag, asked of the brokers."""

import time
from collections.abc import Iterable

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
)
from django.conf import settings

from common.events.topics import RECORD_MAX_BY_TOPIC
from common.kafka.broker import BrokerError
from common.kafka.config import client_config
from common.kafka.places import GroupPlace

_TIMEOUT_S = 10.0
_SEEN_EVERY_S = 0.05


def topics_create(topics: Iterable[str]) -> list[str]:
    """
    Create the topics that do not exist, and wait until every one can be used.

    Returns the names that were created. Raises `BrokerError`.
    """
    names = list(topics)
    admin = AdminClient(client_config())
    new = [
        NewTopic(
            name,
            num_partitions=settings.KAFKA["TOPIC_PARTITIONS"],
            replication_factor=settings.KAFKA["REPLICATION_FACTOR"],
            config=_topic_config(name),
        )
        for name in names
    ]
    futures = admin.create_topics(new, request_timeout=_TIMEOUT_S)
    created = []
    for name, future in futures.items():
        try:
            future.result(_TIMEOUT_S)
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise BrokerError(f"{name}: {error.args[0].str()}") from error
    _raise_limits(admin, set(names) - set(created))
    _wait_for_leaders(admin, names)
    return created


def _raise_limits(admin: AdminClient, names: Iterable[str]) -> None:
    """Give topics that were there before the limit that they would be created with today."""
    resources = [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(option, value, incremental_operation=AlterConfigOpType.SET)
                for option, value in config.items()
            ],
        )
        for name in names
        if (config := _topic_config(name))
    ]
    if not resources:
        return
    for future in admin.incremental_alter_configs(resources).values():
        try:
            future.result(_TIMEOUT_S)
        except KafkaException as error:
            raise BrokerError(f"limits of topics: {error.args[0].str()}") from error


def _topic_config(name: str) -> dict[str, str]:
    record_max = RECORD_MAX_BY_TOPIC.get(name)
    return {} if record_max is None else {"max.message.bytes": str(record_max)}


def group_lag(*, group: str, topic: str) -> int:
    """
    How many records of a topic a group has not committed yet; never negative.

    A partition that was never committed counts from its first record. Raises `BrokerError`.
    """
    return sum(place.lag for place in group_places(group=group, topic=topic).values())


def group_places(*, group: str, topic: str) -> dict[int, GroupPlace]:
    """Where a group stands, by partition of a topic. Raises `BrokerError`."""
    admin = AdminClient(client_config())
    try:
        partitions = admin.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions
        if not partitions:
            raise BrokerError(f"there is no topic {topic}")
        places = [TopicPartition(topic, partition) for partition in partitions]
        first = _offsets(admin, places, OffsetSpec.earliest())
        last = _offsets(admin, places, OffsetSpec.latest())
        committed = _committed(admin, group, places)
    except KafkaException as error:
        raise BrokerError(error.args[0].str()) from error
    return {
        partition: GroupPlace(
            resume=max(committed.get(partition, 0), first[partition]),
            end=last[partition],
            committed=committed.get(partition),
        )
        for partition in partitions
    }


def _offsets(admin: AdminClient, places: list[TopicPartition], spec: OffsetSpec) -> dict[int, int]:
    futures = admin.list_offsets(dict.fromkeys(places, spec), request_timeout=_TIMEOUT_S)
    return {place.partition: future.result().offset for place, future in futures.items()}


def _committed(admin: AdminClient, group: str, places: list[TopicPartition]) -> dict[int, int]:
    request = [ConsumerGroupTopicPartitions(group, places)]
    futures = admin.list_consumer_group_offsets(request, request_timeout=_TIMEOUT_S)
    found = futures[group].result().topic_partitions
    return {place.partition: place.offset for place in found if place.offset >= 0}


def _wait_for_leaders(admin: AdminClient, names: list[str]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not _all_led(admin, names):
        if time.monotonic() > deadline:
            raise BrokerError("the topics were created but have no leaders yet")
        time.sleep(_SEEN_EVERY_S)


def _all_led(admin: AdminClient, names: list[str]) -> bool:
    known = admin.list_topics(timeout=_TIMEOUT_S).topics
    return all(
        name in known
        and known[name].error is None
        and known[name].partitions
        and all(partition.leader >= 0 for partition in known[name].partitions.values())
        for name in names
    )
