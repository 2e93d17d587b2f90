"""
The in-memory twin of Kafka, for tests: partitions, groups, rebalances and failing deliveries.

It keeps what the rest of the code relies on, and nothing more; `tests/contracts` holds it and
Kafka to the same expectations. Not for production: it forgets everything.
"""

import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from common.kafka.broker import (
    BrokerFatal,
    Delivery,
    OutgoingRecord,
    Record,
    Refusal,
    Report,
)


@dataclass(slots=True)
class _Group:
    members: list["MemorySource"] = field(default_factory=list)
    committed: dict[tuple[str, int], int] = field(default_factory=dict)


class MemoryBroker:
    """
    Topics with a fixed number of partitions; safe to use from several threads.

    A record whose value is over `record_max` bytes is refused for good.
    """

    def __init__(self, *, partitions: int = 3, record_max: int | None = None) -> None:
        self.partitions = partitions
        self.record_max = record_max
        self.logs: dict[tuple[str, int], list[Record]] = defaultdict(list)
        self.groups: dict[str, _Group] = defaultdict(_Group)
        self.changed = threading.Condition(threading.RLock())
        self._failures: list[Refusal] = []

    def fail_next(self, *, deliveries: int, permanent: bool = False) -> None:
        """Refuse the next deliveries; whoever sends sees them fail."""
        refusal = Refusal(reason="the test asked for it", permanent=permanent)
        self._failures += [refusal] * deliveries

    def append(self, outgoing: OutgoingRecord) -> Report:
        """Keep a record in its key's partition, or report the failure that was asked for."""
        with self.changed:
            if self._failures:
                return self._failures.pop(0)
            if self.record_max is not None and len(outgoing.value or b"") > self.record_max:
                return Refusal(reason="the record is too large", permanent=True)
            partition = zlib.crc32(outgoing.key or b"") % self.partitions
            log = self.logs[outgoing.topic, partition]
            log.append(
                Record(
                    topic=outgoing.topic,
                    partition=partition,
                    offset=len(log),
                    timestamp_ms=time.time_ns() // 1_000_000,
                    key=outgoing.key,
                    value=outgoing.value,
                    headers=list(outgoing.headers),
                )
            )
            self.changed.notify_all()
            return Delivery(partition=partition, offset=len(log) - 1)

    def records(self, topic: str) -> list[Record]:
        """Everything in a topic, partition by partition."""
        with self.changed:
            return [r for p in range(self.partitions) for r in self.logs[topic, p]]

    def join(self, group: str, member: "MemorySource") -> None:
        """Give a member its share of the partitions, and the others theirs anew."""
        with self.changed:
            self.groups[group].members.append(member)
            self._rebalance(group)

    def leave(self, group: str, member: "MemorySource") -> None:
        """Give a member's partitions to those who stay."""
        with self.changed:
            self.groups[group].members.remove(member)
            self._rebalance(group)

    def _rebalance(self, group: str) -> None:
        members = self.groups[group].members
        committed = self.groups[group].committed
        for index, member in enumerate(members):
            mine = {p for p in range(self.partitions) if p % len(members) == index}
            member.take_over(
                {p: member.positions.get(p, committed.get((member.topic, p), 0)) for p in mine}
            )


class MemoryProducer:
    """Sends to a `MemoryBroker` with the contract of `EventProducer`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._closed = False
        self.failed = False

    def send(self, records: Iterable[OutgoingRecord]) -> "MemoryFlight":
        if self._closed:
            raise BrokerFatal("the producer is closed")
        reports: list[Report] = []
        for record in records:
            if self.failed:
                reports.append(Refusal(reason="called back"))
                continue
            reports.append(self._broker.append(record))
            self.failed = isinstance(reports[-1], Refusal)
        return MemoryFlight(self, reports)

    def publish(
        self, records: Iterable[OutgoingRecord], *, while_waiting: Callable[[], None]
    ) -> list[Report]:
        return self.send(records).land(while_waiting=while_waiting)

    def close(self) -> None:
        self._closed = True


class MemoryFlight:
    """Records that a `MemoryProducer` sent; after a failure, all until it is seen are refused."""

    def __init__(self, producer: MemoryProducer, reports: list[Report]) -> None:
        self._producer = producer
        self._reports = reports

    def land(self, *, while_waiting: Callable[[], None]) -> list[Report]:
        while_waiting()
        if any(isinstance(report, Refusal) for report in self._reports):
            self._producer.failed = False
        return self._reports


class MemorySource:
    """
    Reads from a `MemoryBroker` with the contract of `EventSource`; see `KafkaSource`.

    `staying` tells whether the last call was `stay`.
    """

    def __init__(
        self, broker: MemoryBroker, *, topic: str, group: str, from_beginning: bool = False
    ) -> None:
        self.topic = topic
        self.positions: dict[int, int] = {}
        self.staying = False
        self._broker = broker
        self._group = group
        self._from_beginning = from_beginning
        self._begun: set[int] = set()
        self._ahead: list[Record] = []
        broker.join(group, self)

    def take_over(self, positions: dict[int, int]) -> None:
        """Read these partitions from now on, each from its offset."""
        kept = self.positions.keys() & positions.keys()
        self._ahead = [record for record in self._ahead if record.partition in kept]
        self.positions = {
            partition: 0 if self._from_beginning and partition not in self._begun else offset
            for partition, offset in positions.items()
        }
        self._begun.update(positions)

    def poll(self, *, records_max: int, timeout_s: float) -> list[Record]:
        self.staying = False
        with self._broker.changed:
            if not self._ahead:
                self._broker.changed.wait_for(self._has_records, timeout_s)
                self._read(records_max)
            found, self._ahead = self._ahead[:records_max], self._ahead[records_max:]
            return found

    def read_ahead(self, *, records_max: int) -> list[Record]:
        with self._broker.changed:
            if not self._ahead:
                self._read(records_max)
            return self._ahead

    def commit(self, records: Sequence[Record]) -> None:
        with self._broker.changed:
            committed = self._broker.groups[self._group].committed
            for record in records:
                committed[record.topic, record.partition] = record.offset + 1

    def stay(self, *, timeout_s: float) -> None:
        self.staying = True
        with self._broker.changed:
            self._broker.changed.wait(timeout_s)

    def close(self) -> None:
        self._broker.leave(self._group, self)

    def _read(self, records_max: int) -> None:
        for partition, position in self.positions.items():
            log = self._broker.logs[self.topic, partition]
            taken = log[position : position + records_max - len(self._ahead)]
            self.positions[partition] = position + len(taken)
            self._ahead += taken

    def _has_records(self) -> bool:
        return any(
            len(self._broker.logs[self.topic, partition]) > position
            for partition, position in self.positions.items()
        )
