"""
How long after its commit an event is in Kafka, by the hook of the process that committed it.

Small transactions at an even rate, as a web process makes them. The broker's own clock says when
it had the record; both run on one machine. Beside it, in the same run and at the same rate,
librdkafka alone, one record at a time: what the way itself costs.
"""

import os
import threading
import time
from collections.abc import Mapping

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from django.conf import settings
from django.db import connection, transaction

from common.ids import uuid7
from common.kafka.admin import topics_create
from common.kafka.config import client_config, consumer_config, producer_config
from common.kafka.source import KafkaSource
from common.outbox import publisher
from common.outbox.append import NewEvent, outbox_append_many
from tests.bench.figures import show_latencies
from tests.factories.events import NOON, transaction_created

RATE = int(os.environ.get("BENCH_RATE", "200"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
THREADS = 4


def append_once(correlation_id: str) -> None:
    """Commit one event of a new stream."""
    stream = uuid7()
    with transaction.atomic():
        outbox_append_many(
            events=[
                NewEvent(
                    stream=stream,
                    event=transaction_created(),
                    occurred_at=NOON,
                    actor=f"user:{stream}",
                    correlation_id=correlation_id,
                )
            ]
        )


def at_even_rate(act) -> dict[str, float]:
    """Call `act` with a new id, RATE times a second from several threads; when each returned."""
    returned: dict[str, float] = {}

    def run(number: int) -> None:
        began = time.monotonic() + number / RATE
        for turn in range(int(RATE * SECONDS / THREADS)):
            pause = began + turn * THREADS / RATE - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            name = str(uuid7())
            act(name)
            returned[name] = time.time()
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return returned


def kept_at(topic: str, names: Mapping[str, float]) -> dict[str, float]:
    """When the broker took the records of these correlation ids, in seconds of its clock."""
    source = KafkaSource(consumer_config(group=f"bench-{uuid7()}", instance_id=""), topic=topic)
    kept: dict[str, float] = {}
    deadline = time.monotonic() + 60
    while kept.keys() < names.keys() and time.monotonic() < deadline:
        for record in source.poll(records_max=1000, timeout_s=0.5):
            name = (dict(record.headers)["ce_correlationid"] or b"").decode()
            if name in names:
                kept.setdefault(name, record.timestamp_ms / 1000)
    source.close()
    return kept


def make_topic() -> str:
    """A topic whose records carry the broker's clock."""
    topic = f"bench-{uuid7()}"
    topics_create([topic])
    entry = ConfigEntry(
        "message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient(client_config())  # kept until its futures are done (P57)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(10)
    return topic


def by_the_hook() -> list[float]:
    """Milliseconds from the commit's return to the broker; a record may be there before."""
    topic = settings.OUTBOX_TOPIC
    committed = at_even_rate(append_once)
    kept = kept_at(topic, committed)
    return [max(0.0, kept[name] - at) * 1000 for name, at in committed.items()]


def by_librdkafka() -> list[float]:
    """Milliseconds from produce to the delivery report, one record at a time and thread."""
    topic, took = make_topic(), []
    mine = threading.local()

    def act(name: str) -> None:
        if not hasattr(mine, "producer"):
            mine.producer = Producer(producer_config())
            mine.producer.list_topics(topic, timeout=10)
        began = time.monotonic()
        mine.producer.produce(topic, key=name, value=b"x" * 400)
        mine.producer.flush(10)
        took.append((time.monotonic() - began) * 1000)

    at_even_rate(act)
    return took


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_milliseconds_from_commit_to_kafka(monkeypatch):
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    monkeypatch.setattr(settings, "OUTBOX_PUBLISH", True)
    monkeypatch.setattr(settings, "OUTBOX_TOPIC", make_topic())
    runs: dict[str, list[list[float]]] = {"librdkafka, acknowledged": [], "commit to Kafka": []}

    try:
        append_once("the first opens connections")
        for _ in range(REPEATS):
            runs["librdkafka, acknowledged"].append(by_librdkafka())
            runs["commit to Kafka"].append(by_the_hook())
    finally:
        publisher.stop()

    show_latencies(f"hook: {RATE} commits a second for {SECONDS:g} s, {REPEATS} repeats", runs)
