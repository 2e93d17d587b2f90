"""Each row that becomes dead is told to the dead letter topic once, in the same transaction."""

from dataclasses import replace

import pytest
from django.conf import settings

from common.inbox.batch import batch_apply
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxWaiting
from common.inbox.replay import dead_letter_replay
from common.kafka.memory import MemoryBroker, MemoryProducer
from common.outbox.drain import outbox_drain
from common.outbox.session import PublisherSession
from tests.common.inbox.ledger_of_events import (
    GUILTY,
    WIRING,
    arrivals_of,
    ids_of,
    letters_sent,
    stream_of,
)
from tests.factories.events import ALICE, BOB, record

pytestmark = pytest.mark.django_db(transaction=True)

ILLEGIBLE = replace(record(), key=None, value=None, headers=[], offset=41)


def drained():
    """The dead letter topic after the publisher has done its work."""
    broker = MemoryBroker()
    session = PublisherSession()
    try:
        outbox_drain(session, MemoryProducer(broker))
    finally:
        session.close()
    return broker.records(settings.DEAD_LETTERS_TOPIC)


class TestDeadLetterTopic:
    def test_gets_the_record_as_it_was_and_what_is_known_of_its_death(self):
        broken = replace(record(stream=ALICE, offset=41), value=b"{")
        batch_apply(WIRING, arrivals_of(broken))

        (letter,) = drained()

        row = InboxWaiting.objects.get()
        assert settings.DEAD_LETTERS_TOPIC == "users.dead-letters"
        assert (letter.key, letter.value) == (broken.key, b"{")
        assert letter.headers[: len(broken.headers)] == list(broken.headers)
        assert dict(letter.headers[len(broken.headers) :]) == {
            "dead_letter_id": str(row.pk).encode(),
            "dead_letter_consumer": b"echo",
            "dead_letter_class": b"poison",
            "dead_letter_error": row.error.encode(),
            "dead_letter_topic": b"users.events",
            "dead_letter_partition": b"0",
            "dead_letter_offset": b"41",
            "dead_letter_timestamp_ms": b"1767355200000",
        }

    def test_gets_what_has_neither_key_nor_value_nor_headers(self):
        batch_apply(WIRING, arrivals_of(ILLEGIBLE))

        (letter,) = drained()

        assert (letter.key, letter.value) == (None, None)
        assert dict(letter.headers)["dead_letter_offset"] == b"41"

    def test_gets_a_record_of_any_size_and_64_of_its_headers(self):
        headers = [*record().headers, *((f"x-{n}", b"y") for n in range(200))]
        large = replace(record(), value=b"x" * 250_000, headers=headers)
        batch_apply(WIRING, arrivals_of(large))

        (letter,) = drained()

        assert letter.value == large.value
        assert len(letter.headers) == 64 + 8

    def test_gets_each_row_once_however_often_its_record_is_read(self):
        for _ in range(3):
            batch_apply(WIRING, arrivals_of(ILLEGIBLE, replace(record(), value=b"{")))

        assert len(letters_sent()) == 2

    def test_gets_a_waiting_row_when_it_dies_and_not_again_when_a_replay_fails(self):
        first, second = stream_of(ALICE, 2)
        batch_isolate(WIRING, arrivals_of(second))
        assert letters_sent() == []
        GUILTY.update(ids_of([second]))

        batch_isolate(WIRING, arrivals_of(first))
        letter = InboxWaiting.objects.get(state="dead")
        dead_letter_replay(wiring=WIRING, letter_id=letter.pk, actor="a", reason="b")

        assert len(letters_sent()) == 1

    @pytest.mark.parametrize("sequences", [(1, 1), (2, 2, 1)])
    def test_gets_what_lost_its_place(self, sequences):
        batch_isolate(WIRING, arrivals_of(*(record(stream=BOB, sequence=n) for n in sequences)))

        dead = InboxWaiting.objects.filter(state="dead").count()
        assert dead == len(letters_sent()) == len(sequences) - 1

    def test_gets_nothing_of_what_was_rolled_back(self):
        with pytest.raises(ValueError, match="cannot be written"):
            batch_apply(
                replace(WIRING, open_batch=Failing),
                arrivals_of(ILLEGIBLE, record(stream=BOB)),
            )

        assert letters_sent() == []


class Failing:
    """A batch that cannot be written."""

    def __init__(self) -> None:
        self.received = []

    def write(self) -> None:
        raise ValueError("this batch cannot be written")
