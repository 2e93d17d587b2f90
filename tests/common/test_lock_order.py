"""Who locks several rows locks them in one order, so that nobody waits in a circle."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from common.inbox.cursors import cursors_lock
from common.inbox.models import InboxCursor
from common.outbox.append import outbox_append_many, streams_hold
from common.outbox.models import OutboxStream
from tests.common.outbox.test_append import new_event
from tests.factories.events import ALICE, BOB

pytestmark = pytest.mark.django_db(transaction=True)

LOWER, HIGHER = sorted([ALICE, BOB])
WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database() AND pid <> pg_backend_pid()
"""


def lock_cursors() -> None:
    with transaction.atomic():
        cursors_lock(consumer="somebody", source="/users", streams=[HIGHER, LOWER])


def append_to_both() -> None:
    with transaction.atomic():
        outbox_append_many(events=[new_event(HIGHER), new_event(LOWER)])


def hold_both() -> None:
    with transaction.atomic():
        streams_hold(streams=[HIGHER, LOWER])
        outbox_append_many(events=[new_event(HIGHER), new_event(LOWER)])


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
    pytest.fail("nobody waits")


def closing(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()


@pytest.mark.parametrize(
    ("work", "model"),
    [
        pytest.param(lock_cursors, InboxCursor, id="cursors of the inbox"),
        pytest.param(append_to_both, OutboxStream, id="streams of the outbox"),
        pytest.param(hold_both, OutboxStream, id="streams that are held"),
    ],
)
def test_a_lower_stream_is_waited_for_before_a_higher_one_is_locked(work, model):
    work()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert model.objects.select_for_update().get(stream=LOWER)
            other = pool.submit(closing, work)
            wait_until_somebody_waits()
            free = model.objects.select_for_update(skip_locked=True).filter(stream=HIGHER)
            assert len(free) == 1
        other.result(timeout=10)


def test_a_lower_cursor_that_somebody_begins_is_waited_for_before_a_higher_one_is_begun():
    def begin(stream) -> None:
        InboxCursor.objects.create(consumer="somebody", source="/users", stream=stream)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            begin(LOWER)
            other = pool.submit(closing, lock_cursors)
            wait_until_somebody_waits()
            begin(HIGHER)  # a deadlock, if the other had begun it
        other.result(timeout=10)
