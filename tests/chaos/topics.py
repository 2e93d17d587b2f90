"""What lies in the topics, read past the services and past the proxy (I7b)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Consumer, Message, TopicPartition

from common.ids import uuid7
from tests.chaos.databases import query

TOPIC_OF = {"users": "users.events", "transactions": "transactions.events"}
TOPICS = tuple(TOPIC_OF.values())
READ_S = 10.0
BATCH = 1000


@dataclass(frozen=True)
class Seen:
    """One record: its stream and sequence as the headers say, and its place."""

    stream: str
    sequence: int
    partition: int
    offset: int


def out_of_order() -> list[object]:
    """
    Sequences that appear for the first time before the one in front of them.

    Only in the partition that a stream has had all of its life, as the publisher noted it: between
    partitions there is no order.
    """
    return [found for service, topic in TOPIC_OF.items() for found in _out_of_order(service, topic)]


def _out_of_order(service: str, topic: str) -> Iterator[object]:
    homes = _homes(service)
    next_of: dict[str, int] = {}
    for seen in sorted(records(topic), key=lambda each: (each.partition, each.offset)):
        if homes.get(seen.stream) != seen.partition:
            continue
        due = next_of.setdefault(seen.stream, 1)
        if seen.sequence > due:
            yield topic, seen.stream, f"{seen.sequence} appears before {due}", seen.partition
        next_of[seen.stream] = max(due, seen.sequence + 1)


def _homes(service: str) -> dict[str, int]:
    rows = query(
        service,
        "SELECT stream::text, min(partition) FROM outbox_message"
        " WHERE stream IS NOT NULL AND partition IS NOT NULL"
        " GROUP BY stream HAVING min(partition) = max(partition)",
    )
    return dict(rows)


def bootstrap() -> str:
    """The brokers, on the direct way."""
    return os.environ["KAFKA_BOOTSTRAP_SERVERS"]


def records(topic: str) -> list[Seen]:
    """Every record of a topic that carries our headers."""
    return [found for message in messages(topic) if (found := _seen(message))]


def messages(topic: str) -> Iterator[Message]:
    """Every record of a topic from its beginning to the end it has now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap(),
            "group.id": f"checker-{uuid7()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": False,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=READ_S).topics[topic].partitions
        ends = {}
        for partition in partitions:
            low, high = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=READ_S
            )
            if high > low:
                ends[partition] = high
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        yield from _until(consumer, ends)
    finally:
        consumer.close()


def _until(consumer: Consumer, ends: dict[int, int]) -> Iterator[Message]:
    open_partitions = set(ends)
    while open_partitions:
        first = consumer.poll(READ_S)
        assert first, f"the topic ends early in partitions {open_partitions}"
        # A batch call waits until it is full or the time is up, and the last is never full.
        for message in [first, *consumer.consume(BATCH, timeout=0)]:
            if message.error() is not None:
                continue
            partition, offset = message.partition(), message.offset()
            if offset < ends[partition]:
                yield message
            if offset >= ends[partition] - 1:
                open_partitions.discard(partition)


def _seen(message: Message) -> Seen | None:
    headers = dict(message.headers() or [])
    stream, sequence = headers.get("ce_partitionkey"), headers.get("ce_sequence")
    if stream is None or sequence is None:
        return None
    try:
        name, number = stream.decode(), int(sequence)
    except ValueError:
        return None  # a broken record is nobody's place in a stream
    return Seen(name, number, partition=message.partition(), offset=message.offset())
