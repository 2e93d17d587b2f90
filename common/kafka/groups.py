"""Who reads a topic, and how far they are, asked of the brokers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from common.kafka.asking import ANSWERS_WITHIN_S, Asking
from common.kafka.broker import BrokerError
from common.kafka.config import client_config
from common.kafka.places import GroupPlace

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """One process of a group, where it runs, and the partitions it reads."""

    client_id: str
    instance_id: str | None
    host: str
    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStanding:
    """
    A consumer group: its state in the brokers' words, its members, and where it is.

    `places` is by partition, and empty while there is no such topic.
    """

    group: str
    topic: str
    state: str
    members: tuple[GroupMember, ...]
    places: Mapping[int, GroupPlace]

    @property
    def lag(self) -> int:
        """How many records are not committed."""
        return sum(place.lag for place in self.places.values())


def group_members(*, group: str) -> int:
    """How many members a consumer group has; none if nobody ever joined. Raises `BrokerError`."""
    admin = AdminClient(client_config())
    try:
        future = admin.describe_consumer_groups([group], request_timeout=_TIMEOUT_S)[group]
        return len(future.result(_TIMEOUT_S).members)
    except KafkaException as error:
        raise BrokerError(error.args[0].str()) from error


def groups_describe(
    groups: Mapping[str, str], *, within_s: float = ANSWERS_WITHIN_S
) -> list[GroupStanding]:
    """
    How groups stand in the topic that each reads, in the order given.

    Nothing is joined and nothing committed. Raises `BrokerError` when not everything is answered
    in time.
    """
    asking = Asking(within_s=within_s)
    known = asking.partitions(groups.values())
    places = {
        topic: [TopicPartition(topic, number) for number in numbers]
        for topic, numbers in known.items()
    }
    everywhere = [place for of_topic in places.values() for place in of_topic]
    described = asking.groups(groups)
    committed = {
        group: asking.committed(group, places[topic])
        for group, topic in groups.items()
        if topic in places
    }
    first = asking.offsets(everywhere, OffsetSpec.earliest())
    last = asking.offsets(everywhere, OffsetSpec.latest())
    bounds = asking.numbers(first), asking.numbers(last)
    return [
        _standing(
            group=group,
            topic=topic,
            described=asking.answer(described[group]),
            committed=asking.answer(committed[group]).topic_partitions if topic in known else [],
            bounds=bounds,
        )
        for group, topic in groups.items()
    ]


def _standing(
    *, group: str, topic: str, described: Any, committed: list[TopicPartition], bounds: Any
) -> GroupStanding:
    first, last = bounds
    places = {}
    for place in sorted(committed, key=lambda place: place.partition):
        where = (topic, place.partition)
        done = place.offset if place.offset >= 0 else None
        places[place.partition] = GroupPlace(
            resume=max(done or 0, first[where]), end=last[where], committed=done
        )
    members = tuple(sorted(map(_member, described.members), key=lambda one: one.client_id))
    return GroupStanding(
        group=group, topic=topic, state=described.state.name.lower(), members=members, places=places
    )


def _member(member: Any) -> GroupMember:
    held = member.assignment.topic_partitions if member.assignment else []
    return GroupMember(
        client_id=member.client_id,
        instance_id=member.group_instance_id,
        host=member.host,
        partitions=tuple(sorted(place.partition for place in held)),
    )
