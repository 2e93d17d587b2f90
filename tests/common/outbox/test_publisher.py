import threading

import pytest
from django.db import transaction

from common.kafka.memory import MemoryBroker, MemoryProducer
from common.outbox import publisher
from common.outbox.append import outbox_append_many
from common.outbox.backlog import outbox_backlog
from tests.common.outbox.test_append import new_event
from tests.factories.events import ALICE

pytestmark = pytest.mark.django_db(transaction=True)


def append(count):
    with transaction.atomic():
        outbox_append_many(events=[new_event(ALICE) for _ in range(count)])


class SlowProducer(MemoryProducer):
    """Does something while the reports of a flight are awaited."""

    def __init__(self, broker, during) -> None:
        super().__init__(broker)
        self.during = during

    def send(self, records):
        return SlowFlight(self, super().send(records))


class SlowFlight:
    def __init__(self, producer, flight) -> None:
        self._producer = producer
        self._flight = flight

    def land(self, *, while_waiting):
        self._producer.during(while_waiting)
        return self._flight.land(while_waiting=while_waiting)


class TestPublisherThread:
    def test_sees_the_backlog_grow_while_it_waits_for_the_broker(self, monkeypatch, settings):
        settings.OUTBOX_BACKLOG_MAX = 3
        seen = []

        def during(while_waiting):
            append(3)
            monkeypatch.setattr(publisher, "_SWEEP_S", 0)
            while_waiting()
            seen.append(thread.backlog_full)
            thread.stopping.set()

        broker = MemoryBroker()
        monkeypatch.setattr(publisher, "producer_open", lambda: SlowProducer(broker, during))
        append(1)
        thread = publisher.PublisherThread()
        thread.woken.set()

        thread.run()

        assert seen == [True]
        assert outbox_backlog().pending == 3


class TestStart:
    def test_starts_nothing_where_something_else_publishes(self, settings):
        settings.OUTBOX_PUBLISH = False

        publisher.start()
        publisher.wake()

        assert not [t for t in threading.enumerate() if t.name == "outbox-publisher"]
