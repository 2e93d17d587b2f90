"""Step 5 of the road: a member of a consumer group reads a topic."""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from operator import methodcaller
from typing import Any

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from common.kafka.broker import BrokerFatal, Record
from common.kafka.config import Config

log = structlog.get_logger(__name__)

_FATAL = frozenset({KafkaError.FENCED_INSTANCE_ID, KafkaError._FATAL})  # noqa: SLF001  librdkafka's spelling
_QUIET = frozenset({KafkaError._PARTITION_EOF})  # noqa: SLF001  as above

_COMMIT_AGAIN_S = 30.0

# Note [Offsets that are true]: reconciliation sends nothing again that the group has yet to read,
# and takes the committed offsets for how far it has read. One that is too low would stay so for
# as long as nothing new comes: a commit that was lost, or a late one by a member that had lost
# the partition and is back in the group, which the broker takes. So what was read before a
# partition was assigned anew is not committed, and what was committed is committed again.

# Note [Illegible headers]: for a name that is not UTF-8 the client returns a list with a hole
# and leaves its exception behind. A plain call of a method, once the interpreter has
# specialised it, takes the list as good, and the exception strikes whatever is called next.
# A call by way of `methodcaller` is always checked, and ends in SystemError at once.
_headers_checked = methodcaller("headers")


class KafkaSource:
    """
    One consumer, touched by one thread at a time.

    Committed offsets say where to resume and nothing else: a commit that fails because the
    group moved on is normal (P16), what was applied is known by the stream cursors. With
    `from_beginning`, each partition is read from its first record when it is first assigned.
    See Note [Offsets that are true].
    """

    def __init__(self, config: Config, *, topic: str, from_beginning: bool = False) -> None:
        self._topic = topic
        self._commit_errors: deque[str] = deque(maxlen=10)
        self._begun: set[int] = set()
        self._ahead: list[Record] = []
        # Partitions that gave something since they were assigned, and what was committed of it.
        self._held: dict[int, int | None] = {}
        self._again_at = time.monotonic() + _COMMIT_AGAIN_S
        self._consumer = Consumer({**config, "on_commit": self._on_commit})
        on_assign = self._begin if from_beginning else self._forget
        self._consumer.subscribe([topic], on_assign=on_assign, on_revoke=self._forget)

    def poll(self, *, records_max: int, timeout_s: float) -> list[Record]:
        self._report_commit_errors()
        if time.monotonic() >= self._again_at:
            self._commit_again()
        if not self._ahead:
            self._read(records_max, timeout_s)
        records, self._ahead = self._ahead[:records_max], self._ahead[records_max:]
        for record in records:
            self._held.setdefault(record.partition, None)
        return records

    def read_ahead(self, *, records_max: int) -> list[Record]:
        if not self._ahead:
            self._read(records_max, 0)
        return self._ahead

    def _read(self, records_max: int, timeout_s: float) -> None:
        first = self._consumer.poll(timeout_s)
        if first is None:
            return
        # Kept before more is asked for: its partition may go meanwhile, and `_forget` must find it.
        self._ahead = _records_read([first])
        # A batch call waits until it is full or the time is up; asking for what is there
        # already keeps a single event fast and a burst together.
        rest = self._consumer.consume(num_messages=records_max - 1, timeout=0)
        self._ahead = [*self._ahead, *_records_read(rest)]

    def commit(self, records: Sequence[Record]) -> None:
        following = {r.partition: r.offset + 1 for r in records if r.partition in self._held}
        self._held |= following
        self._commit(following)

    def _commit_again(self) -> None:
        self._again_at = time.monotonic() + _COMMIT_AGAIN_S
        assigned = {place.partition for place in self._consumer.assignment()}
        self._held = {at: offset for at, offset in self._held.items() if at in assigned}
        self._commit({at: offset for at, offset in self._held.items() if offset is not None})

    def _commit(self, following: Mapping[int, int]) -> None:
        if not following:
            return
        offsets = [TopicPartition(self._topic, *place) for place in following.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.warning("offset_commit_failed", error=str(error))

    def stay(self, *, timeout_s: float) -> None:
        # A rebalance may bring partitions that are not paused; what they give is put back.
        self._consumer.pause(self._consumer.assignment())
        try:
            message = self._consumer.poll(timeout_s)
            if message is not None and (record := record_read(message)):
                self._consumer.seek(TopicPartition(record.topic, record.partition, record.offset))
        finally:
            self._consumer.resume(self._consumer.assignment())

    def close(self) -> None:
        self._consumer.close()

    def _forget(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._held.pop(partition.partition, None)
        gone = {partition.partition for partition in partitions}
        self._ahead = [record for record in self._ahead if record.partition not in gone]

    def _begin(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._forget(consumer, partitions)
        for partition in partitions:
            if partition.partition not in self._begun:
                partition.offset = OFFSET_BEGINNING
        self._begun.update(partition.partition for partition in partitions)
        consumer.incremental_assign(partitions)

    def _on_commit(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        for failed in [error, *(partition.error for partition in offsets)]:
            if failed is not None:
                self._commit_errors.append(str(failed))

    def _report_commit_errors(self) -> None:
        while self._commit_errors:
            log.info("offset_commit_refused", error=self._commit_errors.popleft())


def _records_read(messages: Iterable[Message]) -> list[Record]:
    return [record for message in messages if (record := record_read(message))]


def record_read(message: Message) -> Record | None:
    """The record of a message, None for a passing error. Raises `BrokerFatal`."""
    error = message.error()
    if error is not None:
        if error.fatal() or error.code() in _FATAL:
            raise BrokerFatal(error.str())
        if error.code() not in _QUIET:
            log.warning("poll_error", error=error.str())
        return None
    _, timestamp_ms = message.timestamp()
    whole: Any = message  # the stubs allow None wherever a message could carry an error
    return Record(
        topic=whole.topic(),
        partition=whole.partition(),
        offset=whole.offset(),
        timestamp_ms=timestamp_ms,
        key=whole.key(),
        value=whole.value(),
        headers=_headers(whole),
    )


def _headers(message: Any) -> list[tuple[str, bytes | None]]:
    """
    The headers of a message; none when the client cannot make text of a name.

    Such a record must not stop who reads: without an envelope it is poison. See
    Note [Illegible headers].
    """
    try:
        headers: list[tuple[str, bytes | None]] = _headers_checked(message) or []
    except (SystemError, UnicodeDecodeError) as error:
        log.warning(
            "headers_illegible",
            topic=message.topic(),
            partition=message.partition(),
            offset=message.offset(),
            error=str(error.__cause__ or error),
        )
        return []
    return headers
