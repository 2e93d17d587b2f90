import pytest
from django.conf import settings
from django.db import transaction

from common.events.envelope import headers_decode
from common.kafka.memory import MemoryBroker, MemoryProducer
from common.outbox.append import outbox_append_many
from common.outbox.drain import outbox_drain
from common.outbox.models import OutboxMessage
from common.outbox.republish import outbox_republish
from common.outbox.session import PublisherSession
from tests.common.outbox.test_append import new_event
from tests.factories.events import ALICE, BOB


@pytest.fixture
def published(transactional_db):
    """Five events of Alice and one of Bob that have left, a broker that holds them, a session."""
    broker, session = MemoryBroker(), PublisherSession()
    with transaction.atomic():
        outbox_append_many(events=[new_event(stream) for stream in [*[ALICE] * 5, BOB]])
    outbox_drain(session, MemoryProducer(broker))
    yield broker, session
    session.close()


def sequences(broker, stream):
    envelopes = [headers_decode(record.headers) for record in broker.records(settings.OUTBOX_TOPIC)]
    return [envelope.sequence for envelope in envelopes if envelope.stream == stream]


class TestOutboxRepublish:
    def test_sends_the_events_above_a_sequence_again_in_order(self, published):
        broker, session = published

        assert outbox_republish(stream=ALICE, above=2) == 3
        assert outbox_drain(session, MemoryProducer(broker)) == 3

        assert sequences(broker, ALICE) == [1, 2, 3, 4, 5, 3, 4, 5]
        assert sequences(broker, BOB) == [1]

    def test_sends_the_lowest_first_when_there_are_too_many(self, published):
        broker, session = published

        assert outbox_republish(stream=ALICE, above=1, limit=2) == 2
        outbox_drain(session, MemoryProducer(broker))

        assert sequences(broker, ALICE) == [1, 2, 3, 4, 5, 2, 3]

    @pytest.mark.usefixtures("published")
    def test_counts_no_event_that_is_waiting_to_be_sent_anyway(self):
        outbox_republish(stream=ALICE, above=0)

        assert outbox_republish(stream=ALICE, above=0) == 0
        assert OutboxMessage.objects.filter(published_at=None).count() == 5
