"""Looks into topics from the side: no group is joined, and nothing is moved or committed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from common.kafka.asking import ANSWERS_WITHIN_S, Asking
from common.kafka.broker import BrokerError, Record
from common.kafka.config import Config, client_config
from common.kafka.source import record_read

RECORDS_MAX = 50
"""Records of one look."""

_READ_WITHIN_S = 3.0
"""How long reading takes at most; that somebody answers is known by then."""

_BYTES_MAX = 4 * 1024 * 1024
_FETCH_MAX = 640 * 1024  # the largest record of any topic, and some more


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionStanding:
    """Where a partition begins and ends, who leads it, and how many copies are in sync."""

    first: int
    end: int
    leader: int
    replicas: int
    in_sync: int

    @property
    def records(self) -> int:
        """How many offsets there are; what was removed between them is not known."""
        return self.end - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicStanding:
    """A topic by its partitions; without any, there is no such topic."""

    name: str
    partitions: Mapping[int, PartitionStanding]

    @property
    def records(self) -> int:
        """How many records it keeps, about."""
        return sum(one.records for one in self.partitions.values())


@dataclass(slots=True)
class Look:
    """What was read, newest first; `cut` says why there is less than was asked for."""

    records: list[Record] = field(default_factory=list)
    cut: str = ""


def topics_describe(names: list[str], *, within_s: float = ANSWERS_WITHIN_S) -> list[TopicStanding]:
    """How topics are laid out, in the order given. Raises `BrokerError`."""
    asking = Asking(within_s=within_s)
    known = asking.partitions(names)
    places = [TopicPartition(name, number) for name in known for number in known[name]]
    first = asking.offsets(places, OffsetSpec.earliest())
    last = asking.offsets(places, OffsetSpec.latest())
    begins, ends = asking.numbers(first), asking.numbers(last)
    return [
        TopicStanding(
            name=name,
            partitions={
                number: PartitionStanding(
                    first=begins[name, number],
                    end=ends[name, number],
                    leader=partition.leader,
                    replicas=len(partition.replicas),
                    in_sync=len(partition.isrs),
                )
                for number, partition in sorted(known.get(name, {}).items())
            },
        )
        for name in names
    ]


def topic_look(
    topic: TopicStanding,
    *,
    partition: int | None = None,
    before: int | None = None,
    limit: int = RECORDS_MAX,
    within_s: float = _READ_WITHIN_S,
) -> Look:
    """
    Read the newest records of a topic, or of one partition those before an offset.

    At most `limit` of them, spread evenly over the partitions where all are meant. What takes too
    long or is too large is left out. Raises `BrokerError`.
    """
    limit = min(limit, RECORDS_MAX)
    wanted = _wanted(topic, partition, before, limit)
    if not wanted:
        return Look()
    consumer = Consumer(_config())
    try:
        places = [
            TopicPartition(topic.name, number, start) for number, (start, _) in wanted.items()
        ]
        consumer.assign(places)
        look = _read(consumer, {number: end for number, (_, end) in wanted.items()}, within_s)
    except KafkaException as error:
        raise BrokerError(error.args[0].str()) from error
    finally:
        consumer.close()
    look.records.sort(key=lambda one: (one.timestamp_ms, one.partition, one.offset), reverse=True)
    del look.records[limit:]
    return look


def _wanted(
    topic: TopicStanding, partition: int | None, before: int | None, limit: int
) -> dict[int, tuple[int, int]]:
    """Which offsets of which partitions are read, the last one excluded."""
    chosen = {
        number: one
        for number, one in topic.partitions.items()
        if one.records and partition in (None, number)
    }
    each = limit if partition is not None else -(-limit // max(len(chosen), 1))
    ranges = {}
    for number, one in chosen.items():
        end = one.end if before is None else max(min(before, one.end), one.first)
        ranges[number] = (max(one.first, end - each), end)
    return {number: where for number, where in ranges.items() if where[0] < where[1]}


def _read(consumer: Consumer, ends: dict[int, int], within_s: float) -> Look:
    until = time.monotonic() + within_s
    look, left, size = Look(), set(ends), 0
    while left:
        if (rest := until - time.monotonic()) <= 0:
            look.cut = "The brokers did not give everything in time."
            break
        message = consumer.poll(rest)
        if message is None:
            continue
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  librdkafka's spelling
            left.discard(message.partition() or 0)
            continue
        record = record_read(message)
        if record is None:
            continue
        if record.offset >= ends[record.partition] - 1:
            left.discard(record.partition)
        if record.offset >= ends[record.partition]:
            continue
        look.records.append(record)
        size += len(record.value or b"")
        if size > _BYTES_MAX:
            look.cut = "The records are large; only some of them are shown."
            break
    return look


def _config() -> Config:
    """A consumer that belongs to nobody; the client wants a name for its group all the same."""
    return {
        **client_config(),
        "group.id": "console-look",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "check.crcs": True,
        "fetch.wait.max.ms": 50,
        "max.partition.fetch.bytes": _FETCH_MAX,
        "queued.max.messages.kbytes": 4 * 1024,
        "allow.auto.create.topics": False,
    }
