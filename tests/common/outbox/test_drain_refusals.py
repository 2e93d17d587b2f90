"""A record that the broker refuses at once, and the company that it was sent in."""

import pytest
from django.conf import settings
from django.db import transaction

from common.events.envelope import headers_decode
from common.kafka.broker import Refusal
from common.kafka.memory import MemoryBroker, MemoryFlight, MemoryProducer
from common.outbox import drain
from common.outbox.append import outbox_append_many
from common.outbox.drain import PublishFailed, outbox_drain
from common.outbox.models import OutboxMessage, OutboxStream
from common.outbox.session import PublisherSession
from tests.common.outbox.test_append import new_event
from tests.factories.events import ALICE, BOB


class RefusesTheGuilty(MemoryProducer):
    """Refuses one stream for good at once; what was sent before and beside it is called back."""

    def __init__(self, broker, *, guilty) -> None:
        super().__init__(broker)
        self._guilty = str(guilty).encode()
        self._before = []

    def send(self, records):
        records = list(records)
        if self._guilty not in {record.key for record in records}:
            flight = super().send(records)
            self._before.append(flight)
            return flight
        for flight in self._before:
            flight._reports = [Refusal(reason="called back")] * len(flight._reports)
        return MemoryFlight(self, [self._refusal(record) for record in records])

    def _refusal(self, record):
        if record.key == self._guilty:
            return Refusal(reason="too large", permanent=True)
        return Refusal(reason="called back")


@pytest.fixture
def session(transactional_db):
    with_lock = PublisherSession()
    yield with_lock
    with_lock.close()


@pytest.mark.parametrize("round_max", [2, 10])
def test_an_event_that_calls_back_all_before_it_is_found_and_they_leave_without_it(
    session, monkeypatch, round_max
):
    """Whether it is in their round or in the next one, which left before theirs had landed."""
    monkeypatch.setattr(drain, "ROUND_MAX", round_max)
    broker = MemoryBroker()
    with transaction.atomic():
        ids = outbox_append_many(events=[new_event(stream) for stream in (BOB, BOB, ALICE)])

    with pytest.raises(PublishFailed):
        outbox_drain(session, RefusesTheGuilty(broker, guilty=ALICE))

    assert OutboxStream.objects.get(stream=ALICE).blocked_reason == "too large"
    sent = [headers_decode(r.headers).id for r in broker.records(settings.OUTBOX_TOPIC)]
    assert sent[-2:] == ids[:2]
    unpublished = OutboxMessage.objects.filter(published_at=None)
    assert list(unpublished.values_list("id", flat=True)) == ids[2:]
