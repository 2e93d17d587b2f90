"""Both topics are delivered three more times, shuffled: not a byte of any record changes."""

import hashlib
import random
import time

import psycopg
import pytest
from confluent_kafka import Producer

from tests.chaos import checker, groups, topics
from tests.chaos.databases import url_of
from tests.chaos.load import SEED, assert_all_holds, now, under_load

TIMES = 3
REQUESTS = 60
# Every column of these. `inbox_waiting` is not among them: it must be empty, which I8 says.
TABLES = {
    "users": (
        *("transaction_request", "user_account"),
        *("outbox_message", "outbox_stream", "inbox_cursor"),
    ),
    "transactions": (
        *("ledger_account", "ledger_transaction", "ledger_posting", "ledger_journal_entry"),
        *("ledger_wallet_owner", "ledger_account_change", "ledger_user_replica"),
        *("outbox_message", "outbox_stream", "inbox_cursor"),
    ),
}


def digests() -> dict[str, str]:
    """A hash over every row of every table, by table."""
    return {
        f"{service}.{table}": _digest(service, table)
        for service, tables in TABLES.items()
        for table in tables
    }


def _digest(service: str, table: str) -> str:
    total = hashlib.sha256()
    with psycopg.connect(url_of(service)) as connection:
        rows = connection.execute(f"SELECT kept::text FROM {table} AS kept ORDER BY 1")  # type: ignore[arg-type]  # noqa: S608  one of ours
        for (row,) in rows:
            total.update(str(row).encode() + b"\n")
    return total.hexdigest()


def deliver_again(topic: str, *, chance: random.Random) -> int:
    """Write every record of a topic again, in any order, into any partition."""
    found = list(topics.messages(topic))
    partitions = sorted({message.partition() for message in found})
    producer = Producer(
        {"bootstrap.servers": topics.bootstrap(), "queue.buffering.max.messages": 1_000_000}
    )
    copies = found * TIMES
    chance.shuffle(copies)
    for message in copies:
        producer.produce(
            topic,
            key=message.key(),
            value=message.value(),
            headers=message.headers(),
            timestamp=message.timestamp()[1],
            partition=chance.choice(partitions),
        )
        producer.poll(0)
    assert producer.flush(60) == 0
    return len(copies)


@pytest.mark.timeout(900)
def test_delivering_everything_again_changes_nothing(people):
    since = now()
    with under_load(people) as workload:
        workload.wait_for_more(REQUESTS)
    assert_all_holds(workload, since=since)
    before, began = digests(), time.monotonic()

    chance = random.Random(SEED)  # noqa: S311  a seed, not a secret
    copies = {topic: deliver_again(topic, chance=chance) for topic in topics.TOPICS}
    groups.wait_until_read()

    print(f"\ndelivered again: {copies} within {time.monotonic() - began:.1f} s")
    assert checker.wait_for_rest() is not None
    assert digests() == before
    assert_all_holds(workload, since=since)
