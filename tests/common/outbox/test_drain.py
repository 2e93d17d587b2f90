import threading

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from common.events.envelope import headers_decode
from common.kafka.broker import Refusal
from common.kafka.memory import MemoryBroker, MemoryProducer
from common.outbox import drain, marker
from common.outbox.append import outbox_append_many
from common.outbox.backlog import outbox_backlog
from common.outbox.drain import PublishFailed, outbox_drain
from common.outbox.models import OutboxMessage, OutboxStream
from common.outbox.republish import outbox_republish
from common.outbox.session import PublisherSession
from tests.common.outbox.test_append import new_event
from tests.e2e.client import wait_for
from tests.factories.events import ALICE, BOB


@pytest.fixture
def broker():
    return MemoryBroker()


@pytest.fixture
def session(transactional_db):
    with_lock = PublisherSession()
    yield with_lock
    with_lock.close()


class RefusesOnLanding(MemoryProducer):
    """Delivers everything, and reports the first flight's record `at` as refused."""

    def __init__(self, broker, *, at) -> None:
        super().__init__(broker)
        self._at = at

    def send(self, records):
        flight = super().send(records)
        if self._at is not None:
            flight._reports[self._at] = Refusal(reason="lost on its way back")
            self._at = None
        return flight


def append(*streams):
    with transaction.atomic():
        return outbox_append_many(events=[new_event(stream) for stream in streams])


class TestOutboxDrain:
    def test_sends_everything_in_order_and_marks_where_it_went(self, session, broker):
        ids = append(ALICE, BOB, ALICE)

        assert outbox_drain(session, MemoryProducer(broker)) == 3

        sent = {headers_decode(r.headers).id: r for r in broker.records(settings.OUTBOX_TOPIC)}
        assert set(sent) == set(ids)
        for message in OutboxMessage.objects.all():
            record = sent[message.id]
            assert (message.partition, message.offset) == (record.partition, record.offset)
            assert message.published_at is not None
            assert record.value == bytes(message.data)
            assert record.key == str(message.stream).encode()

    def test_sends_nothing_twice(self, session, broker):
        append(ALICE)

        drained = [outbox_drain(session, MemoryProducer(broker)) for _ in range(2)]

        assert drained == [1, 0]
        assert len(broker.records(settings.OUTBOX_TOPIC)) == 1

    def test_leaves_what_the_broker_did_not_take_for_the_next_drain(self, session, broker):
        ids = append(ALICE, ALICE, ALICE)
        broker.fail_next(deliveries=1)

        with pytest.raises(PublishFailed):
            outbox_drain(session, MemoryProducer(broker))
        assert outbox_backlog().pending == 3

        assert outbox_drain(session, MemoryProducer(broker)) == 3
        assert [headers_decode(r.headers).id for r in broker.records(settings.OUTBOX_TOPIC)] == ids

    def test_parks_only_the_stream_whose_event_is_refused_for_good(self, session, broker):
        append(ALICE, BOB)
        broker.fail_next(deliveries=2, permanent=True)

        with pytest.raises(PublishFailed):
            outbox_drain(session, MemoryProducer(broker))
        outbox_drain(session, MemoryProducer(broker))

        assert OutboxStream.objects.get(stream=ALICE).blocked_reason
        assert [
            headers_decode(r.headers).stream for r in broker.records(settings.OUTBOX_TOPIC)
        ] == [BOB]
        backlog = outbox_backlog()
        assert (backlog.pending, backlog.parked) == (1, 1)

    def test_parks_no_stream_for_the_batch_that_its_event_was_in(self, session, broker):
        ids = append(ALICE, BOB)
        broker.fail_next(deliveries=1, permanent=True)

        with pytest.raises(PublishFailed):
            outbox_drain(session, MemoryProducer(broker))
        outbox_drain(session, MemoryProducer(broker))

        assert not OutboxStream.objects.exclude(blocked_reason="").exists()
        sent = [headers_decode(r.headers).id for r in broker.records(settings.OUTBOX_TOPIC)]
        assert sorted(sent) == sorted(ids)

    def test_publishes_a_row_whose_transaction_committed_after_a_later_one(self, session, broker):
        """Pitfall P1: a cursor over positions would never see the first of the two."""
        late, committed = threading.Event(), threading.Event()

        def commit_late():
            with transaction.atomic():
                outbox_append_many(events=[new_event(ALICE)])
                late.set()
                committed.wait(10)
            connection.close()

        thread = threading.Thread(target=commit_late)
        thread.start()
        assert late.wait(10)
        append(BOB)
        first = outbox_drain(session, MemoryProducer(broker))
        committed.set()
        thread.join()
        second = outbox_drain(session, MemoryProducer(broker))

        assert (first, second) == (1, 1)
        positions = dict(OutboxMessage.objects.values_list("stream", "position"))
        assert positions[ALICE] < positions[BOB]

    def test_an_event_never_overtakes_the_one_before_it_that_committed_late(self, session, broker):
        """A floor at the last position published would skip the first one's, for a second."""
        begun, commit = threading.Event(), threading.Event()

        def commit_late():
            with transaction.atomic():
                outbox_append_many(events=[new_event(ALICE)])
                begun.set()
                commit.wait(10)
            connection.close()

        thread = threading.Thread(target=commit_late)
        thread.start()
        assert begun.wait(10)
        append(BOB)

        class CommittingMeanwhile(MemoryProducer):
            def send(self, records):
                if not commit.is_set():
                    commit.set()
                    thread.join()
                    append(ALICE)
                return super().send(records)

        assert outbox_drain(session, CommittingMeanwhile(broker)) == 3

        sent = [headers_decode(r.headers) for r in broker.records(settings.OUTBOX_TOPIC)]
        assert [e.sequence for e in sent if e.stream == ALICE] == [1, 2]

    def test_looks_below_what_it_sent_for_as_long_as_somebody_writes_there(
        self, session, broker, monkeypatch
    ):
        monkeypatch.setattr(drain, "ROUND_MAX", 1)
        begun, commit = threading.Event(), threading.Event()

        def commit_late():
            with transaction.atomic():
                outbox_append_many(events=[new_event(ALICE)])
                begun.set()
                commit.wait(10)
            connection.close()

        thread = threading.Thread(target=commit_late)
        thread.start()
        assert begun.wait(10)
        append(*[BOB] * 5)
        sent = []

        class CommittingAfterThree(MemoryProducer):
            def send(self, records):
                records = list(records)
                sent.extend(headers_decode(record.headers) for record in records)
                if len(sent) == 3:
                    commit.set()
                    thread.join()
                    append(ALICE)
                return super().send(records)

        assert outbox_drain(session, CommittingAfterThree(broker)) == 7

        assert [event.sequence for event in sent if event.stream == ALICE] == [1, 2]

    def test_does_not_look_again_at_what_it_published_under_this_lock(self, session, broker):
        def floor_follows():
            append(*[ALICE] * 5)
            floors = []
            real_claim = drain.rows_claim

            def claim(database, *, floor, limit, but=()):
                floors.append(floor)
                return real_claim(database, floor=floor, limit=min(limit, 1), but=but)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(drain, "rows_claim", claim)
                outbox_drain(session, MemoryProducer(broker))
            newest = OutboxMessage.objects.order_by("-position").values_list("position", flat=True)
            positions = sorted(newest[:5])
            return floors[:5] == [0, 0, *positions[:3]] or None

        # The floor waits for whatever transaction runs anywhere on the server, so it is tried
        # until there was none.
        wait_for("floor", floor_follows)

    def test_sends_what_is_to_be_sent_again_also_while_more_and_more_comes(
        self, session, broker, monkeypatch
    ):
        monkeypatch.setattr(drain, "_FLOOR_LIFE_S", -1)
        monkeypatch.setattr(drain, "ROUND_MAX", 1)
        append(ALICE)
        outbox_drain(session, MemoryProducer(broker))
        append(*[BOB] * 4)
        sent = []

        class RepublishingMeanwhile(MemoryProducer):
            def send(self, records):
                records = list(records)
                if len(sent) == 2:
                    outbox_republish(stream=ALICE, above=0)
                sent.extend(headers_decode(record.headers).stream for record in records)
                return super().send(records)

        outbox_drain(session, RepublishingMeanwhile(broker))

        assert sent == [BOB, BOB, BOB, ALICE, BOB]

    def test_ends_after_the_round_in_hand_when_told_to(self, session, broker, monkeypatch):
        monkeypatch.setattr(drain, "ROUND_MAX", 2)
        append(ALICE, ALICE, ALICE)
        answers = iter([True, False, False, False])

        drained = outbox_drain(session, MemoryProducer(broker), meanwhile=lambda: next(answers))

        assert drained == 2
        rival = PublisherSession()
        assert rival.lock()
        rival.close()

    def test_marks_what_was_delivered_behind_a_refused_round_and_sends_the_rest_again(
        self, session, broker, monkeypatch
    ):
        """The second round is on its way already when the first turns out to be refused."""
        monkeypatch.setattr(drain, "ROUND_MAX", 2)
        ids = append(ALICE, ALICE, BOB, BOB)
        producer = RefusesOnLanding(broker, at=1)

        with pytest.raises(PublishFailed):
            outbox_drain(session, producer)
        unpublished = OutboxMessage.objects.filter(published_at=None)
        assert list(unpublished.values_list("id", flat=True)) == [ids[1]]

        assert outbox_drain(session, MemoryProducer(broker)) == 1
        assert outbox_backlog().pending == 0

    def test_reads_no_row_again_that_is_on_its_way(self, session, broker, monkeypatch):
        """The floor follows behind, so a claim meets rows that are sent and not marked yet."""
        monkeypatch.setattr(drain, "ROUND_MAX", 1)
        ids = append(*[ALICE] * 5)

        assert outbox_drain(session, MemoryProducer(broker)) == 5

        assert [headers_decode(r.headers).id for r in broker.records(settings.OUTBOX_TOPIC)] == ids

    def test_sends_again_what_was_delivered_and_could_not_be_marked(
        self, session, broker, monkeypatch
    ):
        ids = append(ALICE, ALICE)

        def dies(connection, delivered):
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        with monkeypatch.context() as patched, pytest.raises(psycopg.Error):
            patched.setattr(marker, "rows_mark", dies)
            outbox_drain(session, MemoryProducer(broker))
        assert outbox_backlog().pending == 2

        anew = PublisherSession()
        assert outbox_drain(anew, MemoryProducer(broker)) == 2
        anew.close()
        sent = [headers_decode(r.headers).id for r in broker.records(settings.OUTBOX_TOPIC)]
        assert sent == ids * 2

    def test_does_nothing_while_another_publisher_is_at_work(self, session, broker):
        append(ALICE)
        rival = PublisherSession()
        assert rival.lock()

        assert outbox_drain(session, MemoryProducer(broker)) == 0

        rival.unlock()
        assert outbox_drain(session, MemoryProducer(broker)) == 1
        rival.close()

    def test_sends_what_was_committed_while_the_lock_was_being_released(self, session, broker):
        """Pitfall P52: the rival's try failed because we still held the lock."""
        append(ALICE)
        rival = PublisherSession()

        real_unlock = session.unlock

        def commit_then_unlock():
            session.unlock = real_unlock
            append(BOB)
            assert outbox_drain(rival, MemoryProducer(broker)) == 0
            real_unlock()

        session.unlock = commit_then_unlock

        assert outbox_drain(session, MemoryProducer(broker)) == 2
        rival.close()
