"""Step 2 of the road: what happens at COMMIT, and what must not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from common.outbox import append
from common.outbox.append import outbox_append_many
from common.outbox.models import OutboxMessage, OutboxStream
from common.outbox.rows import rows_claim
from common.outbox.session import PublisherSession
from tests.common.outbox.test_append import append_at_once, new_event
from tests.common.test_lock_order import wait_until_somebody_waits
from tests.factories.events import ALICE

pytestmark = pytest.mark.django_db(transaction=True)


class TestHook:
    def test_wakes_the_publisher_when_there_is_something_to_see(self, monkeypatch):
        woken = []
        monkeypatch.setattr(
            append.publisher, "wake", lambda: woken.append(connection.in_atomic_block)
        )

        with transaction.atomic():
            outbox_append_many(events=[new_event()])

        assert woken == [False]

    def test_that_fails_leaves_what_was_committed_alone(self, monkeypatch):
        def fail():
            raise RuntimeError("no thread can be started")

        monkeypatch.setattr(append.publisher, "wake", fail)

        with transaction.atomic():
            outbox_append_many(events=[new_event()])

        assert OutboxMessage.objects.count() == 1


class TestAccepting:
    @pytest.mark.parametrize(
        "ask",
        [
            pytest.param(lambda: append_at_once(new_event()) is not None, id="at once"),
            pytest.param(
                lambda: append.streams_hold(streams={ALICE})[ALICE].accepting, id="by holding"
            ),
        ],
    )
    def test_is_asked_of_the_row_that_is_locked(self, ask):
        """A request that waited for a suspension must see it (P53)."""
        with transaction.atomic():
            outbox_append_many(events=[new_event()])

        def asked() -> bool:
            try:
                with transaction.atomic():
                    return ask()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                append.stream_accepting_set(stream=ALICE, accepting=False)
                other = pool.submit(asked)
                wait_until_somebody_waits()
            assert other.result(10) is False

        assert OutboxStream.objects.get(stream=ALICE).last_sequence == 1


class TestClaiming:
    def test_steps_over_no_event_that_somebody_has_locked(self):
        """What is skipped would be overtaken by the next of its stream."""
        with transaction.atomic():
            outbox_append_many(events=[new_event(), new_event()])
        session = PublisherSession()

        with transaction.atomic():
            assert OutboxMessage.objects.select_for_update().get(sequence=1)
            claimed = rows_claim(session.connection, floor=0, limit=10)
        session.close()

        assert [row.sequence for row in claimed] == ["1", "2"]
