"""A consumer that meets too many dead letters halts, and its whole group, until it is resumed."""

import threading
from contextlib import closing

import pytest
from django.db import connection

from common.ids import uuid7
from common.inbox.breaker import Breaker, BreakerLimits
from common.inbox.consumer import Consumer, Limits
from common.inbox.errors import NotForked, NotHalted
from common.inbox.halts import halt_current, halt_open
from common.inbox.isolate import batch_isolate
from common.inbox.models import ConsumerHalt, DeadLetterAction, InboxCursor, InboxWaiting
from common.inbox.releasing import consumer_resume, stream_unfork
from common.kafka.memory import MemoryBroker, MemoryProducer, MemorySource
from compose.local.readiness import is_fresh
from tests.common.inbox.ledger_of_events import (
    WIRING,
    applied_ids,
    arrivals_of,
    echo_wiring,
    ids_of,
    stream_of,
)
from tests.e2e.client import wait_for
from tests.factories.events import ALICE, outgoing, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("common.inbox.consumer._HALT_LOOK_S", 0.05)
    monkeypatch.setattr("common.inbox.consumer._POLL_S", 0.05)


@pytest.fixture
def broker():
    return MemoryBroker()


def send(broker, *records):
    with closing(MemoryProducer(broker)) as producer:
        producer.publish(records, while_waiting=lambda: None)


class Worker(threading.Thread):
    """A consumer in a thread of its own, as a process would be."""

    def __init__(self, broker, *, wiring, heartbeat_file="", **limits) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.consumer = Consumer(
            wiring=wiring,
            source=MemorySource(broker, topic="users.events", group="echo"),
            stop=self.stop,
            limits=Limits(batch_size=100),
            heartbeat_file=heartbeat_file,
            breaker=Breaker(BreakerLimits(**limits)),
        )

    def run(self):
        try:
            self.consumer.run()
        finally:
            connection.close()

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        self.join(20)
        assert not self.is_alive()


class Deploy:
    """A handler that fails for everybody until it is mended."""

    def __init__(self) -> None:
        self.mended = False

    def fail(self, _):
        if not self.mended:
            raise ValueError("a bad deploy")


def halted():
    return halt_current(consumer="echo")


def resume(**options):
    consumer_resume(wiring=WIRING, actor="staff:carol", reason="mended", **options)


class TestHalt:
    def test_stops_the_consumer_and_comes_back_when_staff_resume_it(self, broker, tmp_path):
        deploy, heartbeat = Deploy(), tmp_path / "heartbeat"
        streams = [uuid7() for _ in range(6)]
        send(broker, *(outgoing(stream=stream) for stream in streams))

        with Worker(
            broker, wiring=echo_wiring(deploy.fail), heartbeat_file=str(heartbeat), streams=3
        ):
            wait_for("the halt", halted)
            wait_for("it shows", lambda: heartbeat.read_text() == "halted" or None)
            assert not is_fresh(heartbeat)
            assert InboxWaiting.objects.count() == 2
            assert broker.groups["echo"].committed == {}
            assert len(broker.groups["echo"].members) == 1

            deploy.mended = True
            resume()
            for stream in streams:
                wait_for("it is applied", lambda s=stream: applied_ids(s) or None)
            wait_for("it shows", lambda: is_fresh(heartbeat) or None)

        assert sum(broker.groups["echo"].committed.values()) == 6
        assert set(InboxWaiting.objects.values_list("state", flat=True)) == {"superseded"}
        assert DeadLetterAction.objects.get().action == "resume"

    def test_halts_every_member_of_the_group(self, broker):
        with Worker(broker, wiring=WIRING), Worker(broker, wiring=WIRING):
            halt_open(consumer="echo", reason="a test")
            wait_for("both look", lambda: all_stay(broker) or None)
            send(broker, outgoing(stream=ALICE))
            resume()
            wait_for("it is applied", lambda: applied_ids(ALICE) or None)

    def test_counts_anew_and_lets_through_what_staff_know_to_be_dead(self, broker):
        send(broker, *(outgoing(stream=uuid7()) for _ in range(5)))

        with Worker(broker, wiring=echo_wiring(Deploy().fail), streams=3):
            wait_for("the halt", halted)
            first = halted()
            resume()
            wait_for("the next", lambda: halted() if halted() != first else None)
            resume(let_through=5)
            wait_for("all are dead", lambda: InboxWaiting.objects.count() == 5 or None)

        assert halted() is None

    def test_is_bounded_by_the_share_of_poison_too(self, broker):
        broken = [outgoing(stream=ALICE, sequence=n) for n in range(1, 8)]
        send(broker, *(replace_value(one) for one in broken))

        with Worker(broker, wiring=WIRING, letters=5):
            assert "7 dead letters among 7 events" in wait_for("the halt", halted).reason

        assert not InboxWaiting.objects.exists()

    def test_ends_at_once_when_told_to_stop(self, broker):
        halt_open(consumer="echo", reason="a test")

        with Worker(broker, wiring=WIRING) as worker:
            wait_for("it waits", lambda: all_stay(broker) or None)
            worker.stop.set()
            worker.join(5)
            assert not worker.is_alive()

    def test_stands_once_however_many_call_it(self):
        halt_open(consumer="echo", reason="first")
        halt_open(consumer="echo", reason="second")

        assert ConsumerHalt.objects.get().reason == "first"

    def test_that_is_not_there_cannot_be_resumed(self):
        with pytest.raises(NotHalted):
            resume()


class TestStreamUnfork:
    def test_lets_the_stream_go_on_with_what_waits(self):
        first, second = stream_of(ALICE, 2)
        batch_isolate(WIRING, arrivals_of(first, record(stream=ALICE, offset=9), second))
        assert applied_ids(ALICE) == ids_of([first])

        stream_unfork(wiring=WIRING, stream=ALICE, actor="staff:carol", reason="resumed behind 1")

        assert applied_ids(ALICE) == ids_of([first, second])
        assert InboxCursor.objects.get().forked_at is None
        action = DeadLetterAction.objects.get()
        assert (action.action, action.stream) == ("unfork", ALICE)

    def test_is_refused_for_a_stream_that_is_not_forked(self):
        with pytest.raises(NotForked):
            stream_unfork(wiring=WIRING, stream=ALICE, actor="a", reason="b")

        assert not InboxCursor.objects.exists()


def all_stay(broker):
    """Whether every member waits without reading."""
    return all(member.staying for member in broker.groups["echo"].members)


def replace_value(sent):
    return type(sent)(topic=sent.topic, key=sent.key, value=b"{", headers=sent.headers)
