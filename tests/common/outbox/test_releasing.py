"""A stream that the broker refused for good, and what lets it go on."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from common.events.envelope import headers_decode
from common.ids import uuid7
from common.kafka.memory import MemoryBroker, MemoryProducer
from common.outbox.drain import PublishFailed, outbox_drain
from common.outbox.errors import NotParked
from common.outbox.management.commands import unpark_stream
from common.outbox.models import OutboxStream
from common.outbox.releasing import stream_unpark
from common.outbox.session import PublisherSession
from common.staff.models import StaffAction
from tests.common.outbox.test_drain import append
from tests.factories.events import ALICE, BOB

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parked():
    """A broker that has refused the first of Alice's two events; their ids."""
    broker = MemoryBroker()
    ids = append(ALICE, ALICE)
    broker.fail_next(deliveries=2, permanent=True)
    drain(broker)
    assert OutboxStream.objects.get(stream=ALICE).is_parked
    return broker, ids


def drain(broker):
    session = PublisherSession()
    try:
        return outbox_drain(session, MemoryProducer(broker))
    except PublishFailed:
        return 0
    finally:
        session.close()


def sent(broker):
    return [headers_decode(one.headers).id for one in broker.records(settings.OUTBOX_TOPIC)]


def test_leaves_in_order_once_it_is_unparked(parked):
    broker, ids = parked
    assert drain(broker) == 0

    reason = stream_unpark(stream=ALICE)

    assert drain(broker) == 2
    assert sent(broker) == ids
    assert reason
    assert not OutboxStream.objects.get(stream=ALICE).is_parked


def test_is_parked_again_while_its_event_is_refused(parked):
    broker, _ = parked
    broker.fail_next(deliveries=2, permanent=True)

    stream_unpark(stream=ALICE)
    drain(broker)

    assert OutboxStream.objects.get(stream=ALICE).is_parked
    assert sent(broker) == []


@pytest.mark.parametrize("stream", [BOB, uuid7()], ids=["publishes", "unknown"])
def test_is_not_unparked_unless_it_is_parked(stream):
    append(BOB)

    with pytest.raises(NotParked):
        stream_unpark(stream=stream)


class TestCommand:
    @pytest.fixture(autouse=True)
    def same_connection(self, monkeypatch):
        """The connection of the test is that of the command."""
        monkeypatch.setattr(unpark_stream, "timeouts_use", lambda _: None)

    def run(self, *words):
        out = StringIO()
        call_command("unpark_stream", *map(str, words), stdout=out)
        return out.getvalue()

    def test_unparks_and_writes_down_who_and_why(self, parked):
        broker, _ = parked

        told = self.run(ALICE, "--reason", "it takes larger ones", "--actor", "carol")

        assert "is tried again" in told
        assert drain(broker) == 2
        action = StaffAction.objects.get()
        assert (action.action, action.actor_id) == ("stream.unpark", "staff:carol")
        assert (action.target_id, action.reason) == (str(ALICE), "it takes larger ones")

    @pytest.mark.usefixtures("parked")
    def test_needs_a_reason_and_a_parked_stream(self):
        with pytest.raises(CommandError, match="--reason"):
            self.run(ALICE)
        with pytest.raises(CommandError, match="not parked"):
            self.run(BOB, "--reason", "a test")

        assert OutboxStream.objects.get(stream=ALICE).is_parked
        assert not StaffAction.objects.exists()
