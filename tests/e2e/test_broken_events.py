"""Events that nobody can read stop nothing else, and are kept for staff to see."""

import os

import psycopg
import pytest
from confluent_kafka import Producer

from common.ids import uuid7
from tests.e2e.client import wait_for
from tests.e2e.test_road import fund

BROKEN = {
    "not JSON": ("{", {}),
    "half a character": (b"\xff\xfe", {}),
    "no value": (None, {}),
    "an envelope of nobody": ("{}", {"ce_source": "/strangers"}),
    "an unknown version": ("{}", {"ce_type": "transaction_created.v9"}),
    "another user's key": ("{}", {"ce_partitionkey": str(uuid7())}),
    "no envelope at all": ("{}", None),
}


def envelope(stream, changed):
    return {
        "ce_specversion": "1.0",
        "ce_id": str(uuid7()),
        "ce_source": "/users",
        "ce_type": "transaction_created.v1",
        "ce_subject": str(uuid7()),
        "ce_time": "2026-01-02T12:00:00+00:00",
        "ce_partitionkey": stream,
        "ce_sequence": "1000000",
        "ce_correlationid": "broken",
        "ce_actor": "system:test",
        **changed,
    }


def publish(stream, value, changed):
    headers = [] if changed is None else list(envelope(stream, changed).items())
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]})
    kept = []
    producer.produce(
        "users.events",
        key=stream,
        value=value,
        headers=headers,
        on_delivery=lambda error, message: kept.append((error, message)),
    )
    producer.flush(20)
    error, message = kept[0]
    assert error is None
    return message.partition(), message.offset()


def dead_letter(place):
    with psycopg.connect(os.environ["TRANSACTIONS_MIGRATION_DATABASE_URL"]) as connection:
        return connection.execute(
            "SELECT state, error, value FROM inbox_waiting"
            " WHERE topic = 'users.events' AND partition = %s AND \"offset\" = %s",
            place,
        ).fetchone()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_event_becomes_a_dead_letter_and_its_user_goes_on(bank, alice, bob, kind):
    value, changed = BROKEN[kind]
    fund(bank, alice, 100)

    place = publish(alice.id, value, changed)
    paid = alice.outcome(
        alice.submit(kind="transfer", amount=100, counterparty=bob.id).json()["id"]
    )

    assert paid["status"] == "posted"
    state, error, kept = wait_for("its dead letter", lambda: dead_letter(place))
    raw = value.encode() if isinstance(value, str) else value
    assert (state, kept) == ("dead", raw)
    assert error
