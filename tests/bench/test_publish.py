"""
How fast the outbox leaves for Kafka: claimed, sent, reported and marked.

Beside it, in turn and in the same run, librdkafka alone sends the same bytes with the same
settings. The machine is shared: repeat, and compare ratios rather than rates.
"""

import os
import time

import pytest
from confluent_kafka import Producer
from django.conf import settings
from django.db import connection, transaction

from common.ids import uuid7
from common.kafka.admin import topics_create
from common.kafka.broker import OutgoingRecord
from common.kafka.config import producer_config
from common.kafka.producer import KafkaProducer
from common.outbox import drain
from common.outbox.append import NewEvent, outbox_append_many
from common.outbox.rows import records_of, rows_claim
from common.outbox.session import PublisherSession
from tests.bench.figures import show
from tests.factories.events import NOON, transaction_created

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
STREAMS = 1000


def fill() -> float:
    """Append the rows, a thousand a transaction; how many a second."""
    streams = [uuid7() for _ in range(STREAMS)]
    began = time.perf_counter()
    for _ in range(0, ROWS, STREAMS):
        with transaction.atomic():
            outbox_append_many(events=[_event(stream) for stream in streams])
    return ROWS / (time.perf_counter() - began)


def _event(stream) -> NewEvent:
    return NewEvent(
        stream=stream,
        event=transaction_created(),
        occurred_at=NOON,
        actor=f"user:{stream}",
        correlation_id=str(stream),
    )


def drained() -> float:
    """Drain the outbox as the publisher does; how many rows a second."""
    session, producer = PublisherSession(), KafkaProducer(producer_config())
    try:
        began = time.perf_counter()
        assert drain.outbox_drain(session, producer) == ROWS
        return ROWS / (time.perf_counter() - began)
    finally:
        producer.close()
        session.close()


def sent_bare(records: list[OutgoingRecord]) -> float:
    """Send the same bytes with librdkafka and nothing else; how many records a second."""
    producer = Producer({**producer_config(), "queue.buffering.max.messages": 2 * len(records)})
    began = time.perf_counter()
    for record in records:
        producer.produce(
            record.topic, key=record.key, value=record.value, headers=list(record.headers)
        )
    assert producer.flush(120) == 0
    return len(records) / (time.perf_counter() - began)


def records_of_all_rows() -> list[OutgoingRecord]:
    """What the publisher would send, made beforehand."""
    session = PublisherSession()
    try:
        return list(records_of(rows_claim(session.connection, floor=0, limit=ROWS)))
    finally:
        session.close()


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_rows_published_a_second(monkeypatch):
    monkeypatch.setattr(settings, "OUTBOX_TOPIC", f"bench-{uuid7()}")
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    topics_create([settings.OUTBOX_TOPIC])
    runs: dict[str, list[float]] = {"librdkafka alone": [], "outbox drained and marked": []}
    appended = []

    for _ in range(REPEATS):
        appended.append(fill())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE outbox_message")
        runs["librdkafka alone"].append(sent_bare(records_of_all_rows()))
        runs["outbox drained and marked"].append(drained())

    show(f"publish: {ROWS:,} rows, {REPEATS} repeats", "rows a second", runs)
    show("append: one transaction for 1,000 rows", "rows a second", {"appended": appended})
