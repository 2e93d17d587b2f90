import threading
from contextlib import closing

import pytest
from django.db import connection

from common.inbox import consumer as consumer_module
from common.inbox.consumer import Consumer, Limits
from common.inbox.models import InboxWaiting
from common.kafka.memory import MemoryBroker, MemoryProducer, MemorySource
from tests.common.inbox.ledger_of_events import applied_ids, echo_wiring
from tests.factories.events import ALICE, outgoing

pytestmark = pytest.mark.django_db(transaction=True)

TOPIC = "users.events"


@pytest.fixture
def broker():
    return MemoryBroker()


def publish(broker, *, first=1, last):
    with closing(MemoryProducer(broker)) as producer:
        records = [outgoing(stream=ALICE, sequence=n) for n in range(first, last + 1)]
        producer.publish(records, while_waiting=lambda: None)


class WatchedSource(MemorySource):
    """Remembers how much was read ahead each time."""

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.read_ahead_counts = []

    def read_ahead(self, *, records_max):
        found = super().read_ahead(records_max=records_max)
        self.read_ahead_counts.append(len(found))
        return found


def consumer(
    broker, *, wiring=None, source=None, stop=None, heartbeat_file="", on_batch=None, **limits
):
    return Consumer(
        wiring=wiring or echo_wiring(),
        source=source or MemorySource(broker, topic=TOPIC, group="echo"),
        stop=stop or threading.Event(),
        limits=Limits(**{"idle_s": 0.05, **limits}),
        heartbeat_file=heartbeat_file,
        on_batch=on_batch or (lambda _: None),
    )


def slow_for_many(received):
    """Run into the statement timeout with more than two events."""
    if len(received) > 2:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(1)")


def committed(broker):
    return sum(broker.groups["echo"].committed.values())


class TestConsumer:
    def test_applies_what_it_reads_and_then_commits_it(self, broker):
        publish(broker, last=5)

        assert consumer(broker).run() == 5

        assert len(applied_ids(ALICE)) == 5
        assert committed(broker) == 5

    def test_stops_after_the_number_of_messages_it_was_told(self, broker):
        publish(broker, last=10)

        assert consumer(broker, messages_max=7, batch_size=3, idle_s=None).run() == 7

        assert len(applied_ids(ALICE)) == 7

    def test_finishes_the_batch_in_hand_when_told_to_stop(self, broker):
        stop = threading.Event()
        publish(broker, last=10)

        worker = consumer(
            broker, stop=stop, batch_size=4, idle_s=None, on_batch=lambda _: stop.set()
        )

        assert worker.run() == 4
        assert (len(applied_ids(ALICE)), committed(broker)) == (4, 4)
        assert broker.groups["echo"].members == []

    def test_reads_the_next_batch_while_a_full_one_is_applied(self, broker):
        publish(broker, last=10)
        source = WatchedSource(broker, topic=TOPIC, group="echo")

        assert consumer(broker, source=source, batch_size=4, messages_max=9).run() == 9

        assert source.read_ahead_counts == [4, 1]
        assert (len(applied_ids(ALICE)), committed(broker)) == (9, 9)

    def test_leaves_what_it_read_ahead_to_others_when_told_to_stop(self, broker):
        stop = threading.Event()
        publish(broker, last=10)

        consumer(broker, stop=stop, batch_size=4, on_batch=lambda _: stop.set()).run()
        consumer(broker).run()

        assert (len(applied_ids(ALICE)), committed(broker)) == (10, 10)

    def test_gives_what_was_applied_but_not_committed_no_second_effect(self, broker):
        publish(broker, last=5)
        consumer(broker).run()
        broker.groups["echo"].committed.clear()

        assert consumer(broker).run() == 5

        assert len(applied_ids(ALICE)) == 5

    def test_stays_and_applies_everything_when_the_database_drops_its_sessions(self, broker):
        publish(broker, last=5)
        dropped = []

        def drop_once(_):
            if not dropped:
                dropped.append(True)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        assert consumer(broker, wiring=echo_wiring(drop_once)).run() == 5

        assert dropped
        assert len(applied_ids(ALICE)) == 5

    def test_stops_while_the_database_is_away_and_commits_nothing(self, broker):
        publish(broker, last=5)
        stop = threading.Event()

        def drop_always(_):
            stop.set()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        assert consumer(broker, wiring=echo_wiring(drop_always), stop=stop).run() == 0

        assert committed(broker) == 0
        connection.close()
        assert applied_ids(ALICE) == []

    def test_tries_smaller_parts_when_the_database_has_no_time_for_the_batch(
        self, broker, monkeypatch
    ):
        monkeypatch.setattr(consumer_module, "_PAUSE_MAX_S", 0.01)
        publish(broker, last=8)
        stop = threading.Event()
        deadline = threading.Timer(20, stop.set)
        deadline.start()

        worker = consumer(broker, wiring=echo_wiring(before=slow_for_many), stop=stop)

        assert worker.run() == 8
        deadline.cancel()
        assert len(applied_ids(ALICE)) == 8
        assert committed(broker) == 8

    def test_waits_for_a_server_that_only_reads(self, broker, monkeypatch):
        monkeypatch.setattr(consumer_module, "_PAUSE_MAX_S", 0.01)
        publish(broker, last=2)
        refused = []

        def read_only_for_a_while(_):
            if len(refused) < 8:
                refused.append(True)
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION READ ONLY; DELETE FROM inbox_waiting")

        assert consumer(broker, wiring=echo_wiring(read_only_for_a_while)).run() == 2

        assert len(applied_ids(ALICE)) == 2
        assert not InboxWaiting.objects.exists()

    def test_shows_that_it_lives(self, broker, tmp_path):
        heartbeat = tmp_path / "heartbeat"

        consumer(broker, heartbeat_file=str(heartbeat)).run()

        assert heartbeat.exists()
