"""The ways to consume that are not the everyday one."""

import threading
from contextlib import closing

import pytest
from django.core.management import CommandError, call_command

from common.ids import uuid7
from common.inbox import heartbeat as heartbeat_module
from common.inbox.batch import batch_apply
from common.inbox.conduct import Conduct
from common.inbox.consumer import Consumer, Limits
from common.inbox.heartbeat import Heartbeat
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from common.inbox.rehearsal import consume_rehearse
from common.kafka.memory import MemoryBroker, MemoryProducer, MemorySource
from tests.common.inbox.ledger_of_events import (
    WIRING,
    applied_ids,
    arrivals_of,
    echo_wiring,
    ids_of,
    stream_of,
)
from tests.e2e.client import wait_for
from tests.factories.events import ALICE, BOB, outgoing, record

pytestmark = pytest.mark.django_db(transaction=True)

BASELINE = Conduct(baseline=True)


@pytest.fixture
def broker():
    return MemoryBroker()


def send(broker, *records):
    with closing(MemoryProducer(broker)) as producer:
        producer.publish(records, while_waiting=lambda: None)


def consume(broker, *, wiring=WIRING, from_beginning=False, **members):
    return Consumer(
        wiring=wiring,
        source=MemorySource(
            broker, topic="users.events", group="echo", from_beginning=from_beginning
        ),
        stop=threading.Event(),
        limits=Limits(idle_s=0.05),
        **members,
    ).run()


class TestFromBeginning:
    def test_reads_everything_again_without_another_effect(self, broker):
        send(broker, *(outgoing(stream=ALICE, sequence=n) for n in range(1, 6)))
        assert consume(broker) == 5
        assert consume(broker) == 0

        assert consume(broker, from_beginning=True) == 5

        assert len(applied_ids(ALICE)) == 5


class TestBaseline:
    def test_begins_a_new_stream_with_its_first_event_that_is_still_there(self):
        later = [record(stream=ALICE, sequence=n) for n in (7, 8)]

        report = batch_apply(WIRING, arrivals_of(*reversed(later)), conduct=BASELINE)

        assert report.applied == 2
        assert applied_ids(ALICE) == ids_of(later)
        assert InboxCursor.objects.get().last_sequence == 8

    def test_leaves_streams_alone_that_have_begun(self):
        first, _, third = stream_of(ALICE, 3)
        batch_apply(WIRING, arrivals_of(first))

        report = batch_apply(WIRING, arrivals_of(third), conduct=BASELINE)

        assert (report.applied, report.waiting) == (0, 1)

    def test_takes_up_what_waits_already(self):
        waiting = [record(stream=ALICE, sequence=n) for n in (5, 6)]
        batch_apply(WIRING, arrivals_of(*waiting))
        last = record(stream=ALICE, sequence=7)

        batch_apply(WIRING, arrivals_of(last), conduct=BASELINE)

        assert applied_ids(ALICE) == ids_of([*waiting, last])
        assert not InboxWaiting.objects.exists()

    def test_is_for_the_consumer_too(self, broker):
        send(broker, *(outgoing(stream=ALICE, sequence=n) for n in (4, 5)))

        consume(broker, baseline=True, from_beginning=True)

        assert len(applied_ids(ALICE)) == 2

    @pytest.mark.parametrize("words", [[], ["--from-beginning"], ["--until-idle", "1"]])
    def test_is_refused_as_a_habit(self, words):
        with pytest.raises(CommandError, match="--baseline needs"):
            call_command("consume_events", "--baseline", *words)


class Reading:
    """What a group has not read, as a list."""

    def __init__(self, *records) -> None:
        self.records = list(records)

    @property
    def ended(self) -> bool:
        return not self.records

    def poll(self, *, records_max, timeout_s):  # noqa: ARG002  the contract's
        taken, self.records = self.records[:records_max], self.records[records_max:]
        return taken


class TestRehearsal:
    def test_says_what_would_happen_and_changes_nothing(self):
        first, second, third, fourth = stream_of(ALICE, 4)
        rotten = record(stream=BOB, sequence=1)
        batch_apply(WIRING, arrivals_of(first))

        def fail(received):
            if received.envelope.stream == BOB:
                raise ValueError("not for Bob")

        found = consume_rehearse(
            wiring=echo_wiring(fail),
            reading=Reading(first, second, third, rotten, fourth),
            stop=threading.Event(),
            batch_size=2,
        )

        assert found.read == 5
        assert (found.report.applied, found.report.duplicates, found.report.dead) == (3, 1, 1)
        assert "not for Bob" in found.errors[0]
        assert applied_ids(ALICE) == ids_of([first])
        assert InboxCursor.objects.get().last_sequence == 1
        assert not InboxWaiting.objects.exists()

    def test_ends_after_so_many_messages(self):
        found = consume_rehearse(
            wiring=WIRING,
            reading=Reading(*stream_of(ALICE, 9)),
            stop=threading.Event(),
            batch_size=2,
            messages_max=5,
        )

        assert found.read == 5


class TestLeftOver:
    def test_is_applied_by_the_next_consumer_though_nothing_arrives(self, broker):
        first, second = stream_of(ALICE, 2)
        batch_apply(WIRING, arrivals_of(second))
        batch_apply(WIRING, arrivals_of(first), unpark=False)  # and there a process died
        assert applied_ids(ALICE) == ids_of([first])

        consume(broker)

        assert applied_ids(ALICE) == ids_of([first, second])

    def test_is_noticed_when_its_stream_is_heard_of_again(self):
        first, second, third = stream_of(ALICE, 3)
        batch_apply(WIRING, arrivals_of(second))
        batch_apply(WIRING, arrivals_of(first), unpark=False)

        assert batch_apply(WIRING, arrivals_of(first)).due == {ALICE}
        assert batch_apply(WIRING, arrivals_of(third)).due == {ALICE}


class TestHeartbeat:
    @pytest.fixture
    def logged(self, monkeypatch):
        found = []
        monkeypatch.setattr(
            heartbeat_module.log, "error", lambda event, **members: found.append((event, members))
        )
        return found

    def test_says_where_a_stuck_process_is(self, logged, tmp_path):
        file = tmp_path / "heartbeat"
        with Heartbeat(str(file), stuck_s=0.1) as heartbeat:
            heartbeat.beat()
            beaten_at = file.stat().st_mtime_ns
            wait_for("it is told", lambda: logged or None)
            assert file.stat().st_mtime_ns == beaten_at

        event, members = logged[0]
        assert event == "consumer_stuck"
        assert "test_says_where_a_stuck_process_is" in members["stacks"]

    def test_says_nothing_while_there_is_progress(self, logged):
        over = threading.Event()
        timer = threading.Timer(0.8, over.set)
        timer.start()
        with Heartbeat(stuck_s=0.4) as heartbeat:
            while not over.wait(0.01):
                heartbeat.beat()

        assert logged == []

    def test_beats_through_a_long_search_for_what_fails(self):
        beats = []
        rotten = [record(stream=uuid7()) for _ in range(8)]

        def fail(_):
            raise ValueError

        batch_isolate(
            echo_wiring(fail), arrivals_of(*rotten), conduct=Conduct(beat=lambda: beats.append(1))
        )

        assert len(beats) > 3 * len(rotten)
