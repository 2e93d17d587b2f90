"""Who joins, leaves or dies, and what fails half-way: the same on Kafka and on its twin."""

import os
import time
from collections import Counter, defaultdict
from contextlib import closing

import pytest

from common.events.envelope import headers_decode
from common.ids import uuid7
from common.kafka.broker import Refusal
from tests.contracts.conftest import RECORD_MAX
from tests.contracts.test_broker import DEADLINE_S, publish, read, read_ahead


def places(records):
    return Counter((record.partition, record.offset) for record in records)


def poll(source, *, commit=True):
    found = source.poll(records_max=100, timeout_s=0.1)
    if found and commit:
        source.commit(found)
    return found


def poll_until(sources, count, *, commit=True):
    """Let every member poll in turn until `count` different records came; by member."""
    came = [[] for _ in sources]
    deadline = time.monotonic() + DEADLINE_S
    while len(places([record for records in came for record in records])) < count:
        assert time.monotonic() < deadline, f"{came} of {count} records came"
        for mine, source in zip(came, sources, strict=True):
            mine.extend(poll(source, commit=commit))
    return came


def let_share(broker, sources):
    """Publish and poll until every member gets records."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        assert time.monotonic() < deadline, "somebody gets nothing"
        publish(broker, [broker.record(stream=uuid7()) for _ in range(12)])
        if all(poll_until(sources, 12)):
            return


def wait_for_records(source, other):
    """What a new member gets, while another only stays until it has to give partitions away."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := source.poll(records_max=100, timeout_s=0.1)):
        assert time.monotonic() < deadline, "nothing came"
        other.stay(timeout_s=0.1)
    return found


def read_ahead_everywhere(broker, source):
    """Read ahead until that is records of every partition: some of them come sooner."""
    deadline = time.monotonic() + DEADLINE_S
    everywhere = {0}
    while True:
        assert time.monotonic() < deadline, "never of all partitions"
        publish(broker, [broker.record(stream=uuid7()) for _ in range(30)])
        ahead = read_ahead(source, records_max=100)
        if len(everywhere) > 1 and {record.partition for record in ahead} == everywhere:
            return ahead
        found = read(source, 30)
        source.commit(found)
        everywhere = {record.partition for record in found}


def read_all(source, count):
    """Poll until so many different events came, and then what else there is."""
    found = []
    deadline = time.monotonic() + DEADLINE_S
    while len({headers_decode(record.headers).id for record in found}) < count:
        assert time.monotonic() < deadline, "something is missing"
        found += source.poll(records_max=100, timeout_s=0.2)
    return found + source.poll(records_max=100, timeout_s=0.2)


class TestRebalance:
    def test_gives_committed_records_to_nobody_again_when_a_member_joins(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(30)])
        with closing(broker.source("team")) as first:
            first.commit(read(first, 30))
            with closing(broker.source("team")) as second:
                let_share(broker, [first, second])
                publish(broker, [broker.record(stream=uuid7()) for _ in range(30)])

                came = poll_until([first, second], 30)

        assert places(came[0] + came[1]).total() == 30

    def test_gives_what_a_member_did_not_commit_to_who_stays(self, broker):
        with closing(broker.source("team")) as stays:
            with closing(broker.source("team")) as leaves:
                let_share(broker, [stays, leaves])
                publish(broker, [broker.record(stream=uuid7()) for _ in range(30)])
                kept, lost = poll_until([stays, leaves], 30, commit=False)
                stays.commit(kept)

            again = poll_until([stays], len(lost))[0]

        assert lost
        assert set(places(lost)) <= set(places(again))

    def test_forgets_what_was_read_ahead_together_with_its_partition(self, broker):
        with closing(broker.source("team")) as first:
            ahead = read_ahead_everywhere(broker, first)
            with closing(broker.source("team")) as second:
                theirs = wait_for_records(second, first)
                mine = list(first.read_ahead(records_max=100))

        assert theirs
        assert not set(places(mine)) & set(places(theirs))
        assert {r.partition for r in mine} < {r.partition for r in ahead}

    def test_gives_what_a_dead_member_had_to_who_lives(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(30)])
        mortal = broker.mortal("team")
        mortal.read_some()
        with closing(broker.source("team")) as lives:
            mortal.die()

            assert len(places(poll_until([lives], 30)[0])) == 30

    def test_keeps_the_order_of_every_key_while_members_come_and_go(self, broker):
        keys = [uuid7() for _ in range(6)]
        came = []
        with closing(broker.source("team")) as first:
            for sequence in range(1, 31):
                publish(broker, [broker.record(stream=key, sequence=sequence) for key in keys])
                if sequence % 10 == 5:
                    came += self.visit(broker, first)
                came += poll(first)
            deadline = time.monotonic() + DEADLINE_S
            while len(places(came)) < 30 * len(keys):
                assert time.monotonic() < deadline, "something is missing"
                came += poll(first)

        by_key = defaultdict(list)
        for record in came:
            envelope = headers_decode(record.headers)
            if envelope.sequence not in by_key[envelope.stream]:
                by_key[envelope.stream].append(envelope.sequence)
        assert by_key == {key: list(range(1, 31)) for key in keys}

    def visit(self, broker, first):
        """Somebody joins, reads a little and leaves again; what both read, in order."""
        with closing(broker.source("team")) as guest:
            return [r for _ in range(5) for source in (first, guest) for r in poll(source)]


class TestRefusal:
    @pytest.mark.parametrize("at", [0, 2, 4])
    def test_in_the_middle_is_reported_where_it_was_and_the_rest_can_be_sent_again(
        self, broker, at
    ):
        """What is reported refused may be in the topic all the same, and so be there twice."""
        records = [broker.record(sequence=n) for n in range(1, 6)]
        too_large = records[at]._replace(value=os.urandom(RECORD_MAX + 10_000))

        with closing(broker.producer()) as producer:
            reports = producer.publish(
                [*records[:at], too_large, *records[at + 1 :]], while_waiting=lambda: None
            )
            refused = [n for n, report in enumerate(reports) if isinstance(report, Refusal)]
            self.send_until_delivered(producer, [records[n] for n in refused])

        assert at in refused
        assert reports[at].permanent
        with closing(broker.source("readers")) as source:
            found = [headers_decode(record.headers) for record in read_all(source, 5)]
        assert {envelope.sequence for envelope in found} == {1, 2, 3, 4, 5}

    def send_until_delivered(self, producer, records):
        """What was called back may call back what is sent right after it, too."""
        deadline = time.monotonic() + DEADLINE_S
        while records:
            assert time.monotonic() < deadline, "records are refused for ever"
            reports = producer.publish(records, while_waiting=lambda: None)
            assert not any(isinstance(one, Refusal) and one.permanent for one in reports)
            records = [
                record
                for record, report in zip(records, reports, strict=True)
                if isinstance(report, Refusal)
            ]
