import pytest
from django.db import transaction

from common.kafka.memory import MemoryBroker, MemoryProducer
from common.outbox.append import outbox_append_many
from common.outbox.backlog import outbox_backlog
from common.outbox.drain import PublishFailed, outbox_drain
from common.outbox.letters import Letter, outbox_append_letters
from common.outbox.models import OutboxMessage
from common.outbox.rows import ROUND_BYTES_MAX, rows_claim
from common.outbox.session import PublisherSession
from tests.common.outbox.test_append import new_event
from tests.factories.events import ALICE

TOPIC = "users.dead-letters"
RAW = b"\xff\x00 not JSON"


@pytest.fixture
def session(transactional_db):
    with_lock = PublisherSession()
    yield with_lock
    with_lock.close()


def append(*letters):
    with transaction.atomic():
        outbox_append_letters(letters)


class TestOutboxAppendLetters:
    def test_sends_key_value_and_headers_as_they_are(self, session):
        broker = MemoryBroker()
        headers = [("ce_id", b"\xff"), ("dead_letter_id", b"7"), ("empty", None)]
        append(Letter(TOPIC, b"\x00key", RAW, headers), Letter(TOPIC, None, None, []))

        assert outbox_drain(session, MemoryProducer(broker)) == 2

        kept = {record.key: record for record in broker.records(TOPIC)}
        assert (kept[b"\x00key"].value, list(kept[b"\x00key"].headers)) == (RAW, headers)
        assert (kept[None].value, list(kept[None].headers)) == (None, [])

    @pytest.mark.usefixtures("transactional_db")
    def test_takes_no_number_of_any_stream(self):
        append(Letter(TOPIC, b"key", RAW, []))
        with transaction.atomic():
            outbox_append_many(events=[new_event(ALICE)])

        assert OutboxMessage.objects.get(stream=ALICE).sequence == 1

    @pytest.mark.usefixtures("transactional_db")
    def test_needs_the_transaction_that_makes_it_true(self):
        with pytest.raises(transaction.TransactionManagementError):
            outbox_append_letters([Letter(TOPIC, None, RAW, [])])

    def test_gives_up_a_letter_that_is_refused_for_good_and_blocks_nobody(self, session):
        broker = MemoryBroker()
        append(Letter(TOPIC, b"key", RAW, []))
        with transaction.atomic():
            outbox_append_many(events=[new_event(ALICE)])
        broker.fail_next(deliveries=2, permanent=True)

        with pytest.raises(PublishFailed):
            outbox_drain(session, MemoryProducer(broker))
        outbox_drain(session, MemoryProducer(broker))

        assert broker.records(TOPIC) == []
        assert outbox_backlog().pending == 0
        given_up = OutboxMessage.objects.get(topic=TOPIC)
        assert (given_up.published_at is not None, given_up.partition) == (True, None)

    def test_keeps_a_letter_that_the_broker_could_not_take_now(self, session):
        broker = MemoryBroker()
        append(Letter(TOPIC, b"key", RAW, []))
        broker.fail_next(deliveries=1)

        with pytest.raises(PublishFailed):
            outbox_drain(session, MemoryProducer(broker))

        assert outbox_backlog().pending == 1
        assert outbox_drain(session, MemoryProducer(broker)) == 1
        assert len(broker.records(TOPIC)) == 1

    def test_shares_a_round_with_no_more_bytes_than_fit_in_memory(self, session):
        broker = MemoryBroker()
        large = Letter(TOPIC, b"key", b"x" * (ROUND_BYTES_MAX // 4), [])
        append(*[large] * 3, Letter(TOPIC, b"key", None, []), *[large] * 3)

        claimed = rows_claim(session.connection, floor=0, limit=100)

        positions = list(OutboxMessage.objects.order_by("position").values_list("pk", flat=True))
        assert [row.position for row in claimed] == positions[:5]
        assert outbox_drain(session, MemoryProducer(broker)) == 7
