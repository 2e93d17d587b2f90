"""A broker with partitions, groups and everything that can go wrong with either."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from common.kafka.broker import Delivery, OutgoingRecord, Record
from tests.simulation.scheduler import here, scheduler

SESSION_TIMEOUT_S = 6.0
COMMIT_AGAIN_S = 30.0


@dataclass(slots=True)
class Log:
    """One partition; what is below `start` was deleted."""

    records: list[Record] = field(default_factory=list)
    start: int = 0

    @property
    def end(self) -> int:
        return len(self.records)


@dataclass(slots=True)
class Group:
    """Who reads, and where those resume who come after them; by (topic, partition)."""

    members: list["Source"] = field(default_factory=list)
    committed: dict[tuple[str, int], int] = field(default_factory=dict)


class Broker:
    """
    Topics and groups. `written` is everything that was ever appended, in order.

    `refusing` gives the chance that a delivery is reported failed; half of those are in the
    log all the same.
    """

    def __init__(self, random: Random, *, partitions: int) -> None:
        self.random = random
        self.topics: dict[str, list[Log]] = {}
        self.groups: dict[str, Group] = {}
        self.written: dict[str, list[Record]] = {}
        self.refusing = 0.0
        self.away_until = 0.0
        self.partitions = partitions

    def logs(self, topic: str) -> list[Log]:
        """The partitions of a topic; it is made when it is first asked for."""
        if topic not in self.topics:
            self.topics[topic] = [Log() for _ in range(self.partitions)]
        return self.topics[topic]

    def is_away(self) -> bool:
        """Whether nobody is answered now."""
        return scheduler().clock < self.away_until

    def append(self, outgoing: OutgoingRecord) -> Delivery:
        """Write a record into its key's partition."""
        logs = self.logs(outgoing.topic)
        partition = zlib.crc32(outgoing.key) % len(logs)
        record = Record(
            topic=outgoing.topic,
            partition=partition,
            offset=logs[partition].end,
            timestamp_ms=int(scheduler().clock * 1000),
            key=outgoing.key,
            value=outgoing.value,
            headers=outgoing.headers,
        )
        logs[partition].records.append(record)
        self.written.setdefault(outgoing.topic, []).append(record)
        return Delivery(partition=partition, offset=record.offset)

    def repeat(self, topic: str) -> None:
        """Write some record of a topic once more, at the end of its partition."""
        if not self.written.get(topic):
            return
        old = self.random.choice(self.written[topic])
        log = self.logs(topic)[old.partition]
        again = replace(old, offset=log.end)
        log.records.append(again)
        self.written[topic].append(again)
        scheduler().note(f"{topic}/{old.partition}@{old.offset} comes once more")

    def raise_partitions(self, topic: str, by: int) -> None:
        """Add partitions; keys move to others from now on."""
        scheduler().note(f"{topic} has {by} more partitions")
        self.logs(topic).extend(Log() for _ in range(by))
        for group in self.groups.values():
            rebalance(self, group)

    def recreate(self, topic: str) -> None:
        """Delete a topic and make it again; every record and every committed offset is gone."""
        scheduler().note(f"{topic} was deleted and made again")
        self.topics[topic] = [Log() for _ in self.logs(topic)]
        for group in self.groups.values():
            for place in [place for place in group.committed if place[0] == topic]:
                del group.committed[place]

    def retain(self, topic: str, partition: int) -> None:
        """Delete what is old in a partition, whether it was read or not."""
        log = self.logs(topic)[partition % len(self.logs(topic))]
        log.start = self.random.randint(log.start, log.end)
        scheduler().note(f"{topic}/{partition} begins at {log.start} now")

    def resume_earlier(self, group: str) -> None:
        """Lose committed offsets: everybody reads some records again after the next rebalance."""
        known = self.groups.get(group)
        if known is None:
            return
        for place, offset in known.committed.items():
            known.committed[place] = self.random.randint(0, offset)
        for member in known.members:
            member.positions.clear()
        rebalance(self, known)

    def is_read(self, group: str) -> bool:
        """Whether the members of a group have read everything there is, and are done with it."""
        known = self.groups.get(group)
        if known is None or not known.members or any(m.in_hand or m.ahead for m in known.members):
            return False
        return all(
            position >= member.log(partition).end
            for member in known.members
            for partition, position in member.positions.items()
        )


def rebalance(broker: Broker, group: Group) -> None:
    """Share the partitions anew; who keeps one keeps the place in it, too."""
    for index, member in enumerate(group.members):
        count = len(broker.logs(member.topic))
        mine = range(index, count, len(group.members))
        kept = member.positions.keys() & set(mine)
        member.held = {place: held for place, held in member.held.items() if place in kept}
        member.ahead = [record for record in member.ahead if record.partition in kept]
        member.positions = {
            partition: member.positions.get(
                partition, group.committed.get((member.topic, partition), 0)
            )
            for partition in mine
        }


class Source:
    """
    A member of a group; see `EventSource`.

    `in_hand` says that it was given records and has not come back to commit them or to read
    on: what it reads moves no cursor when it is a stranger's, so cursors do not show the end.
    """

    def __init__(self, broker: Broker, *, topic: str, group: str) -> None:
        self.topic = topic
        self.in_hand = False
        self.positions: dict[int, int] = {}
        self.held: dict[int, int | None] = {}
        self.ahead: list[Record] = []
        self._again_at = scheduler().clock + COMMIT_AGAIN_S
        self._broker = broker
        self._group = broker.groups.setdefault(group, Group())
        self._join()

    def log(self, partition: int) -> Log:
        """One of the partitions of the topic."""
        return self._broker.logs(self.topic)[partition]

    def poll(self, *, records_max: int, timeout_s: float) -> list[Record]:
        scheduler().step("poll")
        self.in_hand = False
        self._join()
        if scheduler().clock >= self._again_at:
            self._commit_again()
        if not self.ahead:
            scheduler().wait(self._has_records, timeout_s)
            self._join()
            self._fetch(records_max)
        found, self.ahead = self.ahead[:records_max], self.ahead[records_max:]
        self.in_hand = bool(found)
        for record in found:
            self.held.setdefault(record.partition, None)
        return found

    def read_ahead(self, *, records_max: int) -> list[Record]:
        scheduler().step("read ahead")
        self._join()
        if not self.ahead:
            self._fetch(records_max)
        return self.ahead

    def commit(self, records: Sequence[Record]) -> None:
        scheduler().step("commit offsets")
        self.in_hand = False
        following = {r.partition: r.offset + 1 for r in records if r.partition in self.held}
        self.held |= following
        self._commit(following)

    def _commit_again(self) -> None:
        """As `KafkaSource` does; see Note [Offsets that are true]."""
        self._again_at = scheduler().clock + COMMIT_AGAIN_S
        self._commit({at: offset for at, offset in self.held.items() if offset is not None})

    def _commit(self, following: Mapping[int, int]) -> None:
        if self not in self._group.members or here().hint_is_lost():
            scheduler().note("the commit of offsets is lost")
            return
        for partition, offset in following.items():
            self._group.committed[self.topic, partition] = offset

    def stay(self, *, timeout_s: float) -> None:
        scheduler().step("stay")
        self._join()
        scheduler().wait(None, timeout_s)
        self._join()

    def close(self) -> None:
        scheduler().step("leave the group")
        self.drop_out()

    def drop_out(self) -> None:
        """Be taken for dead: the others get the partitions."""
        if self in self._group.members:
            self._group.members.remove(self)
            self.positions = {}
            self.ahead = []
            rebalance(self._broker, self._group)

    def _join(self) -> None:
        """Be a member, again if the group has given this one up meanwhile."""
        if self not in self._group.members:
            self._group.members.append(self)
            self.positions = {}
            rebalance(self._broker, self._group)

    def _fetch(self, records_max: int) -> None:
        for partition in [] if self._broker.is_away() else list(self.positions):
            self.ahead += self._read(partition, records_max - len(self.ahead))

    def _read(self, partition: int, count: int) -> list[Record]:
        log = self.log(partition)
        position = self.positions[partition]
        if position > log.end or position < log.start:  # out of range: from the earliest
            position = log.start
        taken = log.records[position : position + max(0, count)]
        self.positions[partition] = position + len(taken)
        return taken

    def _has_records(self) -> bool:
        broker = self._broker
        if broker.away_until > scheduler().clock:
            return False
        logs = broker.logs(self.topic)
        for partition, position in self.positions.items():  # asked at every step: kept quick
            if len(logs[partition].records) != position:
                return True
        return False
