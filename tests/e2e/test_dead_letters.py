"""A dead letter from the broken record to its end, as a client and as staff see it."""

import json
import os

import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from compose.local import manage
from compose.local.stack import stack_from
from tests.e2e.client import wait_for
from tests.e2e.test_broken_events import publish
from tests.e2e.test_road import fund


def dead_letters(*words):
    answer = manage.run(stack_from(os.environ), "transactions", "dead_letters", *words, "--json")
    return json.loads(answer)


def next_sequence(user_id):
    """What users will say next about a user."""
    with psycopg.connect(os.environ["USERS_MIGRATION_DATABASE_URL"]) as connection:
        return connection.execute(
            "SELECT last_sequence + 1 FROM outbox_stream WHERE stream = %s", [user_id]
        ).fetchone()[0]


def letter_of(user):
    def look():
        found = dead_letters("list", "--stream", str(user.id))["dead_letters"]
        return found[0] if found else None

    return wait_for("its dead letter", look)


def sent_to_topic(letter_id):
    """The record of a letter in the dead letter topic, None while it is not there."""
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": "a-reader-of-dead-letters",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        topic = "transactions.dead-letters"
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        while (message := consumer.poll(2)) is not None:
            headers = dict(message.headers() or [])
            if headers.get("dead_letter_id") == str(letter_id).encode():
                return message
    finally:
        consumer.close()
    return None


@pytest.fixture
def held(bank, alice, bob):
    """A payment of Alice's behind a damaged record that claims to be the event before it."""
    fund(bank, alice, 100)
    place = publish(alice.id, "{", {"ce_sequence": str(next_sequence(alice.id))})
    letter = letter_of(alice)
    return alice, bob, letter, place


def test_a_damaged_record_is_told_to_its_topic_and_given_up_as_rubbish(held):
    alice, bob, letter, (partition, offset) = held
    message = wait_for("it is in the topic", lambda: sent_to_topic(letter["id"]))
    assert (message.key(), message.value()) == (str(alice.id).encode(), b"{")
    headers = dict(message.headers())
    assert headers["dead_letter_partition"] == str(partition).encode()
    assert headers["dead_letter_offset"] == str(offset).encode()
    assert headers["ce_source"] == b"/users"

    answer = dead_letters(
        "discard", str(letter["id"]), "--rubbish", "--reason", "damaged", "--actor", "carol"
    )

    assert answer["resolutions"][0]["result"] == "discarded"
    payment = alice.submit(kind="transfer", amount=100, counterparty=bob.id).json()["id"]
    assert alice.outcome(payment)["status"] == "posted"
    shown = dead_letters("show", str(letter["id"]))
    assert (shown["state"], shown["value"]) == ("discarded", "{")
    assert shown["actions"][0]["actor"] == "staff:carol"


def test_the_real_event_takes_the_place_of_a_damaged_one_by_itself(held):
    alice, bob, letter, _ = held

    payment = alice.submit(kind="transfer", amount=100, counterparty=bob.id).json()["id"]

    assert alice.outcome(payment)["status"] == "posted"
    assert dead_letters("show", str(letter["id"]))["state"] == "superseded"


def test_a_rehearsal_and_a_failing_replay_change_nothing(held):
    *_, letter, _ = held

    with pytest.raises(Exception, match="1 of 1 were not resolved"):
        dead_letters("replay", str(letter["id"]), "--dry-run")
    assert dead_letters("show", str(letter["id"]))["actions"] == []

    with pytest.raises(Exception, match="1 of 1 were not resolved"):
        dead_letters("replay", str(letter["id"]))
    shown = dead_letters("show", str(letter["id"]))
    assert (shown["state"], shown["attempts"]) == ("dead", 2)
    assert shown["actions"][0]["result"] == "failed"
