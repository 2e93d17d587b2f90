"""Reads what a group has not read yet, beside the group: nothing is joined, moved or committed."""

from collections.abc import Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from common.kafka.broker import BrokerError, Record
from common.kafka.config import Config
from common.kafka.source import record_read

_TIMEOUT_S = 10.0


class KafkaReading:
    """
    A look at a topic from a group's committed offsets to where the topic ends now.

    With the contract of `EventSource`, but that `commit` does nothing and nothing is read ahead,
    and with `ended`. Raises `BrokerError` when the broker does not say where to begin.
    """

    def __init__(self, config: Config, *, topic: str, from_beginning: bool = False) -> None:
        self._consumer = Consumer(config)
        try:
            places = self._places(topic, from_beginning=from_beginning)
        except KafkaException as error:
            self._consumer.close()
            raise BrokerError(error.args[0].str()) from error
        self._left = {place.partition: end for place, end in places if end > max(place.offset, 0)}
        self._consumer.assign([place for place, _ in places if place.partition in self._left])

    @property
    def ended(self) -> bool:
        """Whether everything was read that was there at the beginning."""
        return not self._left

    def poll(self, *, records_max: int, timeout_s: float) -> list[Record]:
        messages = self._consumer.consume(num_messages=records_max, timeout=timeout_s)
        records = [record for message in messages if (record := record_read(message))]
        for record in records:
            if record.offset + 1 >= self._left.get(record.partition, 0):
                self._left.pop(record.partition, None)
        return records

    def commit(self, records: Sequence[Record]) -> None:
        """Nothing: the group's offsets are not ours to move."""

    def stay(self, *, timeout_s: float) -> None:
        """Nothing: there is no group to stay in."""

    def close(self) -> None:
        self._consumer.close()

    def _places(self, topic: str, *, from_beginning: bool) -> list[tuple[TopicPartition, int]]:
        """Where to begin in every partition, and where it ends now."""
        known = self._consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions
        if not known:
            raise BrokerError(f"there is no topic {topic}")
        asked = [TopicPartition(topic, partition) for partition in known]
        found = []
        for place in self._consumer.committed(asked, timeout=_TIMEOUT_S):
            first, end = self._consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)
            if from_beginning or place.offset < first:
                place.offset = first if end > first else OFFSET_BEGINNING
            found.append((place, end))
        return found
