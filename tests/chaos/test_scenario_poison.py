"""
Broken records in the real topic: one in ten messages, every kind once, and generated ones.

`POISON_MESSAGES` says how many messages; without it 100,000 in a full run, else a sample of 2,500
with every second kind. The breaker would rightly halt the service, so consumers with other limits
take the place of its own.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import islice

import psycopg
import pytest
from confluent_kafka import Producer

from common.ids import uuid7
from common.inbox.arrival import Poison, arrive
from common.kafka.broker import Record
from compose.local import manage, supervisor
from compose.local.environment import inherited, process_environment
from compose.local.processes import processes_of
from compose.local.stack import ROOT, stack_from
from tests.chaos.load import FULL
from tests.common.inbox.poison_corpus import broken_records
from tests.common.inbox.poison_record import good_record
from tests.e2e.client import wait_for
from tests.factories.events import NOON

SEED = int(os.environ.get("POISON_SEED", os.environ.get("CHAOS_SEED", "20260102")))
SAMPLE = "2500"
MESSAGES = int(os.environ.get("POISON_MESSAGES", "100000" if FULL else SAMPLE))
KINDS_STEP = 1 if FULL or "POISON_MESSAGES" in os.environ else 2
ONE_IN = 10
GOOD_STREAMS = 100
CONSUMERS = 2
DRAINED_WITHIN_S = 600
LIMITS = {
    "INBOX_BREAKER_STREAMS": "1000000",
    "INBOX_BREAKER_LETTERS": "1000000",
    "CONSUMER_INSTANCE_ID": "",
}


def database():
    return psycopg.connect(os.environ["TRANSACTIONS_MIGRATION_DATABASE_URL"], autocommit=True)


@contextmanager
def consumers_with_other_limits():
    """Consumers of transactions that no number of dead letters halts, instead of its own."""
    stack = stack_from(os.environ)
    own = [p.name for p in processes_of(stack) if p.name.startswith("transactions-consumer")]
    supervisor.stop_all(stack, own)
    environment = process_environment(stack, "transactions", "poison-consumer") | LIMITS
    environment["HEARTBEAT_FILE"] = ""
    command = [sys.executable, "transactions/manage.py", "consume_events"]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=inherited(stack) | environment)
        for _ in range(CONSUMERS)
    ]
    try:
        yield running
        assert [process.poll() for process in running] == [None] * CONSUMERS
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(30) for process in running]
        for name in own:
            supervisor.start_process(stack, name)
    assert codes == [0] * CONSUMERS


class Sending:
    """Sends messages, and remembers where Kafka keeps which broken record."""

    def __init__(self) -> None:
        self.broken = {}
        self.heads = {uuid7(): 0 for _ in range(GOOD_STREAMS)}
        self._producer = Producer(
            {
                "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "batch.size": 128 * 1024,
            }
        )

    def run(self, count):
        chance = random.Random(SEED)  # noqa: S311  repeatable, not secret
        broken = islice(broken_records(seed=SEED), 0, None, KINDS_STEP)
        streams = list(self.heads)
        for _ in range(count // ONE_IN):
            place = chance.randrange(ONE_IN)
            for number in range(ONE_IN):
                if number == place:
                    self._send(next(broken), is_broken=True)
                else:
                    self._send_good(chance.choice(streams))
        assert self._producer.flush(60) == 0

    def _send_good(self, stream):
        self.heads[stream] += 1
        self._send(good_record(stream, self.heads[stream]), is_broken=False)

    def _send(self, raw, *, is_broken):
        def delivered(error, message):
            assert error is None, error
            if is_broken:
                self.broken[message.partition(), message.offset()] = raw

        self._producer.produce(
            "users.events",
            key=raw.key,
            value=raw.value,
            headers=raw.headers,
            on_delivery=delivered,
        )
        self._producer.poll(0)


def is_poison(raw):
    """What a generator damages may be whole all the same, about its user, or of no known type."""
    record = Record(
        topic="users.events",
        partition=0,
        offset=0,
        timestamp_ms=1_767_355_200_000,
        key=raw.key,
        value=raw.value,
        headers=raw.headers,
    )
    found = arrive(record, consumed_at=NOON)
    if isinstance(found, Poison):
        return True
    return found.event is not None and found.event.user_id != found.envelope.stream


def behind(heads):
    """Good streams that were not applied to their end yet."""
    with database() as connection:
        found = connection.execute(
            "SELECT stream, last_sequence FROM inbox_cursor"
            " WHERE consumer = 'transactions' AND stream = ANY(%s)",
            [list(heads)],
        ).fetchall()
    reached = dict(found)
    return [stream for stream, head in heads.items() if reached.get(stream, 0) < head]


def dead_rows(*, after):
    with database() as connection:
        return connection.execute(
            'SELECT partition, "offset", key, value, state, error FROM inbox_waiting'
            " WHERE topic = 'users.events' AND id > %s AND attempts > 0",
            [after],
        ).fetchall()


def newest_row():
    with database() as connection:
        return connection.execute("SELECT coalesce(max(id), 0) FROM inbox_waiting").fetchone()[0]


@pytest.mark.timeout(1800)
def test_every_broken_record_is_buried_once_and_good_events_go_on():
    before = newest_row()
    sending = Sending()
    with consumers_with_other_limits():
        began = time.monotonic()
        sending.run(MESSAGES)
        poison = {place: raw for place, raw in sending.broken.items() if is_poison(raw)}
        wait_for(
            "good events went on",
            lambda: not behind(sending.heads) or None,
            deadline_s=DRAINED_WITHIN_S,
        )
        wait_for(
            "all are buried",
            lambda: len(dead_rows(after=before)) >= len(poison) or None,
            deadline_s=DRAINED_WITHIN_S,
        )
        took_s = time.monotonic() - began

    found = dead_rows(after=before)
    buried = {(partition, offset): (key, value) for partition, offset, key, value, *_ in found}
    print(
        f"{MESSAGES} messages, {len(sending.broken)} of them damaged, {len(found)} dead letters,"
        f" all applied {took_s:.1f} s after the first was sent"
    )
    assert len(buried) == len(found)
    assert buried == {place: (raw.key, raw.value) for place, raw in poison.items()}
    assert {(state, bool(error)) for *_, state, error in found} == {("dead", True)}
    give_up(after=before, count=len(found))


def give_up(*, after, count):
    """Leave nothing behind for the next test: discard all of them, as staff would."""
    answer = manage.run(
        stack_from(os.environ),
        "transactions",
        *("dead_letters", "discard", "--all", "--rubbish", "--reason", "a test's", "--json"),
    )
    resolutions = json.loads(answer)["resolutions"]
    assert [r["result"] for r in resolutions] == ["discarded"] * count
    assert {state for *_, state, _ in dead_rows(after=after)} == {"discarded"}
