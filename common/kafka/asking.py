"""Questions to the brokers for people who wait for a page: all of them within one deadline."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from common.kafka.broker import BrokerError
from common.kafka.config import client_config

Answer = TypeVar("Answer")

ANSWERS_WITHIN_S = 1.5
"""How long a page waits for the brokers altogether before it says that they do not answer."""

_LEAST_S = 0.1

_REQUEST_S = 30.0
"""How long a request may take by itself; see Note [Requests outlive who asks]."""

# Note [Requests outlive who asks]: librdkafka ends the whole process when a question about a group
# times out in the moment of its answer (its issue 4605, an assertion that fails). So requests are
# given far more time than anybody waits here; they go with their client, which is safe.


class Asking:
    """
    One client, and what is left of the time to ask with it.

    Futures are asked for first and awaited then, so that the answers travel together. The client
    lives as long as this object: futures of one that is gone never end well (P57).
    """

    def __init__(self, *, within_s: float = ANSWERS_WITHIN_S) -> None:
        self._until = time.monotonic() + within_s
        self.admin = AdminClient(client_config())

    @property
    def left_s(self) -> float:
        """Seconds that are left to wait; never nothing: what is there already is taken."""
        return max(self._until - time.monotonic(), _LEAST_S)

    def partitions(self, topics: Iterable[str]) -> dict[str, dict[int, Any]]:
        """The partitions of those of the topics that exist, by number. Raises `BrokerError`."""
        try:
            known = self.admin.list_topics(timeout=self.left_s).topics
        except KafkaException as error:
            raise BrokerError(error.args[0].str()) from error
        return {topic: dict(known[topic].partitions) for topic in topics if topic in known}

    def offsets(
        self, places: Iterable[TopicPartition], spec: OffsetSpec
    ) -> dict[TopicPartition, "Future[Any]"]:
        """Ask where partitions begin or end."""
        asked = dict.fromkeys(places, spec)
        if not asked:
            return {}
        futures: dict[TopicPartition, Future[Any]] = self.admin.list_offsets(
            asked, request_timeout=_REQUEST_S
        )
        return futures

    def groups(self, groups: Iterable[str]) -> dict[str, "Future[Any]"]:
        """Ask who is in groups."""
        found: dict[str, Future[Any]] = self.admin.describe_consumer_groups(
            list(groups), request_timeout=_REQUEST_S
        )
        return found

    def committed(self, group: str, places: Iterable[TopicPartition]) -> "Future[Any]":
        """Ask what a group has committed."""
        request = [ConsumerGroupTopicPartitions(group, list(places))]
        futures: dict[str, Future[Any]] = self.admin.list_consumer_group_offsets(
            request, request_timeout=_REQUEST_S
        )
        return futures[group]

    def answer(self, future: "Future[Answer]") -> Answer:
        """Wait for an answer for as long as there is time. Raises `BrokerError`."""
        try:
            return future.result(self.left_s)
        except KafkaException as error:
            raise BrokerError(error.args[0].str()) from error
        except FutureTimeout as error:
            raise BrokerError("the brokers took too long to answer") from error

    def numbers(
        self, futures: Mapping[TopicPartition, "Future[Any]"]
    ) -> dict[tuple[str, int], int]:
        """The offsets that were asked for, by topic and partition. Raises `BrokerError`."""
        return {
            (place.topic, place.partition): self.answer(future).offset
            for place, future in futures.items()
        }
