"""Several publishers as real processes: one works at a time, and any of them may stop or die."""

import time

import pytest
from django.conf import settings
from django.db import transaction

from common.ids import uuid7
from common.kafka.admin import topics_create
from common.outbox.append import outbox_append_many
from common.outbox.backlog import outbox_backlog
from tests.common.outbox import relays
from tests.common.outbox.test_append import new_event
from tests.e2e.client import wait_for

STREAMS = [uuid7() for _ in range(100)]
BURST = 20
TAKEN_OVER_WITHIN_S = 20

pytestmark = [pytest.mark.timeout(240), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def topic(monkeypatch):
    """A topic of its own, of which the services of the stack know nothing."""
    name = f"relays-{uuid7()}"
    monkeypatch.setattr(settings, "OUTBOX_TOPIC", name)
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    topics_create([name])
    return name


@pytest.fixture
def processes(transactional_db, tmp_path):
    with relays.relays(str(tmp_path / "web.sock")) as started:
        wait_for(
            "every publisher is connected",
            lambda: started.keys() <= relays.sessions() or None,
            deadline_s=60,
        )
        yield started


def append_burst():
    """Twenty events of each of a hundred streams, in one transaction."""
    with transaction.atomic():
        return set(outbox_append_many(events=[new_event(s) for s in STREAMS * BURST]))


def caught_at_work(processes, strike):
    """
    Append until a publisher is seen holding the lock, strike it, and see that it held it still.

    Returns its name and the ids of what was appended.
    """
    ids = set()
    for _ in range(50):
        ids |= append_burst()
        while outbox_backlog().pending:
            for name in relays.lock_holders():
                strike(processes[name])
                if outbox_backlog().pending:
                    return name, ids
                processes[name].go_on()
    raise AssertionError("no publisher was ever seen at work")


def wait_until_published(deadline_s):
    wait_for(
        "everything is published",
        lambda: outbox_backlog().pending == 0 or None,
        deadline_s=deadline_s,
    )


def assert_in_order(envelopes):
    """Each stream's numbers appear for the first time as 1, 2, 3 … (repeats are harmless)."""
    seen = dict.fromkeys(STREAMS, 0)
    for envelope in envelopes:
        assert envelope.sequence <= seen[envelope.stream] + 1
        seen[envelope.stream] = max(seen[envelope.stream], envelope.sequence)


class TestSeveralPublishers:
    def test_send_every_event_once_and_in_order_while_nothing_fails(self, topic, processes):
        ids = set().union(*(append_burst() for _ in range(3)))

        wait_until_published(deadline_s=30)

        envelopes = relays.sent(topic, until=ids)
        assert len(envelopes) == len(ids)
        assert_in_order(envelopes)
        assert [process.end() for process in processes.values()] == [0, 0, 0]

    def test_take_over_from_one_that_is_killed_at_work(self, topic, processes):
        _, ids = caught_at_work(processes, lambda process: process.kill())

        wait_until_published(deadline_s=TAKEN_OVER_WITHIN_S)
        assert_in_order(relays.sent(topic, until=ids))

    def test_take_over_from_one_that_is_stopped_at_work_and_bear_its_return(self, topic, processes):
        """F23: the lock of a stopped process ends with its session, not with the process."""
        name, ids = caught_at_work(processes, lambda process: process.pause())
        assert relays.lock_holders() == {name}
        began = time.monotonic()

        wait_for(
            "another publisher has taken over",
            lambda: name not in relays.lock_holders() or None,
            deadline_s=TAKEN_OVER_WITHIN_S,
        )
        wait_until_published(deadline_s=TAKEN_OVER_WITHIN_S - (time.monotonic() - began))
        processes[name].go_on()
        ids |= append_burst()

        wait_until_published(deadline_s=30)
        assert_in_order(relays.sent(topic, until=ids))
