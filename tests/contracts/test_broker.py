"""What the outbox and the inbox rely on, held against Kafka and against its twin alike."""

import time
from collections import defaultdict
from contextlib import closing

from common.events.envelope import headers_decode
from common.ids import uuid7
from common.kafka.broker import Delivery
from tests.factories.events import ALICE

DEADLINE_S = 20


def read(source, count):
    """Poll until `count` records came, then once more to see that there are no others."""
    found = []
    deadline = time.monotonic() + DEADLINE_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} records came"
        found += source.poll(records_max=100, timeout_s=0.2)
    return found + source.poll(records_max=100, timeout_s=0.2)


def publish(broker, records):
    with closing(broker.producer()) as producer:
        return producer.publish(records, while_waiting=lambda: None)


class TestPublish:
    def test_reports_where_each_record_went_in_the_order_given(self, broker):
        records = [broker.record(stream=uuid7()) for _ in range(20)]

        reports = publish(broker, records)

        assert all(isinstance(report, Delivery) for report in reports)
        with closing(broker.source("readers")) as source:
            found = {(r.partition, r.offset): r for r in read(source, 20)}
        for sent, report in zip(records, reports, strict=True):
            record = found[report.partition, report.offset]
            assert (record.key, record.value) == (sent.key, sent.value)
            assert headers_decode(record.headers) == headers_decode(sent.headers)
            assert abs(record.timestamp_ms / 1000 - time.time()) < 60

    def test_keeps_the_order_of_a_key_in_one_partition(self, broker):
        publish(broker, [broker.record(stream=ALICE, sequence=n) for n in range(1, 51)])

        with closing(broker.source("readers")) as source:
            found = read(source, 50)

        assert [headers_decode(r.headers).sequence for r in found] == list(range(1, 51))
        assert len({r.partition for r in found}) == 1

    def test_tells_that_it_is_waiting(self, broker):
        calls = []

        with closing(broker.producer()) as producer:
            producer.publish([broker.record()], while_waiting=lambda: calls.append(1))

        assert calls


def read_ahead(source, *, records_max):
    """Read ahead as soon as there is something."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := source.read_ahead(records_max=records_max)):
        assert time.monotonic() < deadline, "nothing came"
    return list(found)


class TestConsume:
    def test_begins_with_the_first_record_there_is(self, broker):
        publish(broker, [broker.record(stream=uuid7()) for _ in range(5)])

        with closing(broker.source("late")) as source:
            assert len(read(source, 5)) == 5

    def test_gives_at_most_what_was_asked_for(self, broker):
        publish(broker, [broker.record() for _ in range(10)])

        with closing(broker.source("readers")) as source:
            found = []
            while len(found) < 10:
                batch = source.poll(records_max=3, timeout_s=0.2)
                assert len(batch) <= 3
                found += batch

    def test_gives_out_what_it_read_ahead_before_it_reads_on(self, broker):
        publish(broker, [broker.record(sequence=n) for n in range(1, 4)])
        with closing(broker.source("readers")) as source:
            read(source, 3)
            publish(broker, [broker.record(sequence=n) for n in range(4, 9)])
            ahead = read_ahead(source, records_max=3)
            assert source.read_ahead(records_max=9) == ahead

            found = source.poll(records_max=2, timeout_s=0.2)
            assert all(one is other for one, other in zip(found, ahead, strict=False))
            found += read(source, 5 - len(found))

        assert 1 <= len(ahead) <= 3
        assert [headers_decode(r.headers).sequence for r in found] == [4, 5, 6, 7, 8]

    def test_leaves_unread_for_the_group_what_it_read_ahead(self, broker):
        publish(broker, [broker.record(sequence=n) for n in range(1, 4)])
        with closing(broker.source("readers")) as source:
            source.commit(read(source, 3))
            publish(broker, [broker.record(sequence=n) for n in range(4, 7)])
            read_ahead(source, records_max=3)

        with closing(broker.source("readers")) as source:
            again = [headers_decode(r.headers).sequence for r in read(source, 3)]

        assert again == [4, 5, 6]

    def test_resumes_after_what_was_committed(self, broker):
        publish(broker, [broker.record(sequence=n) for n in range(1, 11)])
        with closing(broker.source("readers")) as source:
            source.commit(read(source, 10)[:4])

        with closing(broker.source("readers")) as source:
            again = [headers_decode(r.headers).sequence for r in read(source, 6)]

        assert again == [5, 6, 7, 8, 9, 10]

    def test_delivers_again_what_was_not_committed(self, broker):
        publish(broker, [broker.record(sequence=n) for n in range(1, 4)])
        with closing(broker.source("readers")) as source:
            read(source, 3)

        with closing(broker.source("readers")) as source:
            assert len(read(source, 3)) == 3

    def test_gives_every_group_everything(self, broker):
        publish(broker, [broker.record() for _ in range(3)])

        for group in ("ones", "others"):
            with closing(broker.source(group)) as source:
                assert len(read(source, 3)) == 3

    def test_shares_the_partitions_among_the_members_of_a_group(self, broker):
        with closing(broker.source("team")) as first, closing(broker.source("team")) as second:
            by_member = defaultdict(set)
            deadline = time.monotonic() + DEADLINE_S
            while len(by_member) < 2:
                assert time.monotonic() < deadline, "one member got everything"
                publish(broker, [broker.record(stream=uuid7()) for _ in range(12)])
                for member, source in (("first", first), ("second", second)):
                    records = source.poll(records_max=100, timeout_s=0.1)
                    by_member[member] |= {r.partition for r in records}
                    source.commit(records)
                by_member = defaultdict(set, {m: p for m, p in by_member.items() if p})

    def test_reads_nothing_while_it_only_stays(self, broker):
        with closing(broker.source("patient")) as source:
            publish(broker, [broker.record()])
            assert len(read(source, 1)) == 1
            publish(broker, [broker.record() for _ in range(3)])

            for _ in range(3):
                source.stay(timeout_s=0.1)

            assert len(read(source, 3)) == 3
