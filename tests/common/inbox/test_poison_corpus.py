"""Every kind of broken record, and generated ones, among good events: at one in ten messages."""

import itertools
import os
import random
import threading
from contextlib import closing

import pytest
from django.db import connection

from common.ids import uuid7
from common.inbox.arrival import Poison, arrive
from common.inbox.consumer import Consumer, Limits
from common.inbox.models import InboxCursor, InboxWaiting
from common.kafka.broker import OutgoingRecord, Record
from common.kafka.memory import MemoryBroker, MemoryProducer, MemorySource
from tests.common.inbox.ledger_of_events import WIRING
from tests.common.inbox.poison_corpus import broken_records, kinds
from tests.common.inbox.poison_record import good_record, request_record
from tests.factories.events import NOON

SEED = int(os.environ.get("POISON_SEED", "20260102"))
GENERATED = int(os.environ.get("POISON_GENERATED", "200"))
GOOD_STREAMS = 50


def sent(raw):
    return OutgoingRecord(topic="users.events", key=raw.key, value=raw.value, headers=raw.headers)


def messages(count):
    """One broken record in ten messages, between good events of a few streams."""
    broken = itertools.islice(broken_records(seed=SEED), count)
    chance = random.Random(SEED)  # noqa: S311  repeatable, not secret
    streams = [uuid7() for _ in range(GOOD_STREAMS)]
    heads = dict.fromkeys(streams, 0)
    for raw in broken:
        place = chance.randrange(10)
        for number in range(10):
            if number == place:
                yield raw
            else:
                stream = chance.choice(streams)
                heads[stream] += 1
                yield good_record(stream, heads[stream])


def test_there_are_over_300_kinds_and_each_is_another():
    found = kinds()

    assert len({kind.name for kind in found}) == len(found) >= 300


@pytest.mark.django_db(transaction=True)
class TestCorpus:
    @pytest.fixture
    def broker(self):
        broker = MemoryBroker()
        with closing(MemoryProducer(broker)) as producer:
            records = [sent(raw) for raw in messages(len(kinds()) + GENERATED)]
            producer.publish(records, while_waiting=lambda: None)
        return broker

    def consume(self, broker, *, from_beginning=False):
        source = MemorySource(
            broker, topic="users.events", group="echo", from_beginning=from_beginning
        )
        return Consumer(
            wiring=WIRING,
            source=source,
            stop=threading.Event(),
            limits=Limits(batch_size=500, idle_s=0.05),
        ).run()

    @pytest.mark.timeout(300)
    def test_is_buried_record_by_record_while_good_events_go_on(self, broker):
        records = broker.records("users.events")

        assert self.consume(broker) == len(records)

        arrivals = [arrive(record, consumed_at=NOON) for record in records]
        poison = {place(a.record): a.record for a in arrivals if isinstance(a, Poison)}
        buried = InboxWaiting.objects.filter(state="dead")
        assert len(poison) >= len(kinds())
        assert {place(row): row_bytes(row) for row in buried} == {
            at: (record.key, record.value) for at, record in poison.items()
        }
        assert buried.count() == len(poison)
        assert all(row.error for row in buried)
        heads = [a.envelope for a in arrivals if not isinstance(a, Poison)]
        reached = dict(InboxCursor.objects.values_list("stream", "last_sequence"))
        kept = set(InboxWaiting.objects.filter(state="waiting").values_list("event_id", flat=True))
        assert all(e.sequence <= reached[e.stream] or e.id in kept for e in heads)

        before = rows()
        assert self.consume(broker, from_beginning=True) == len(records)
        assert rows() == before


def test_every_kind_is_poison_by_itself():
    alive = [kind.name for kind in kinds() if not isinstance(arrived(kind), Poison)]

    assert alive == []


def arrived(kind):
    raw = kind.make(request_record(uuid7()))
    record = Record(
        topic="users.events",
        partition=0,
        offset=0,
        timestamp_ms=1_767_355_200_000,
        key=raw.key,
        value=raw.value,
        headers=raw.headers,
    )
    return arrive(record, consumed_at=NOON)


def place(record):
    return record.partition, record.offset


def row_bytes(row):
    return (
        None if row.key is None else bytes(row.key),
        None if row.value is None else bytes(row.value),
    )


def rows():
    """Everything that the inbox knows, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inbox_waiting::text FROM inbox_waiting ORDER BY id")
        waiting = cursor.fetchall()
        cursor.execute("SELECT inbox_cursor::text FROM inbox_cursor ORDER BY stream, source")
        return waiting, cursor.fetchall()
