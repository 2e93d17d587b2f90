import random
import threading
from dataclasses import replace

import pytest
from django.db import connection

from common.events.contracts import UserRegisteredV1
from common.inbox.batch import batch_apply
from common.inbox.models import InboxCursor, InboxWaiting
from common.outbox.models import OutboxMessage
from tests.common.inbox.ledger_of_events import (
    applied_ids,
    arrivals_of,
    echo_wiring,
    ids_of,
    stream_of,
)
from tests.factories.events import ALICE, BOB, NOON, record

pytestmark = pytest.mark.django_db(transaction=True)


def cursor_of(stream):
    return InboxCursor.objects.get(consumer="echo", stream=stream).last_sequence


class TestBatchApply:
    def test_applies_events_in_order_and_moves_the_cursor(self):
        records = stream_of(ALICE, 3)

        report = batch_apply(echo_wiring(), arrivals_of(*records))

        assert (report.applied, report.waiting, report.dead) == (3, 0, 0)
        assert applied_ids(ALICE) == ids_of(records)
        assert cursor_of(ALICE) == 3

    def test_gives_a_second_delivery_no_second_effect(self):
        arrivals = arrivals_of(*stream_of(ALICE, 3))
        batch_apply(echo_wiring(), arrivals)

        report = batch_apply(echo_wiring(), arrivals)

        assert (report.applied, report.duplicates) == (0, 3)
        assert OutboxMessage.objects.count() == 3

    def test_keeps_an_early_event_until_the_gap_closes(self):
        first, second, third = stream_of(ALICE, 3)

        early = batch_apply(echo_wiring(), arrivals_of(third, second))
        assert (early.applied, early.waiting) == (0, 2)
        assert InboxWaiting.objects.filter(state="waiting").count() == 2

        late = batch_apply(echo_wiring(), arrivals_of(first))
        assert late.applied == 3
        assert applied_ids(ALICE) == ids_of([first, second, third])
        assert not InboxWaiting.objects.exists()

    def test_keeps_an_early_event_once_however_often_it_comes(self):
        early = record(stream=ALICE, sequence=2)

        for offset in range(3):
            again = replace(early, offset=offset)
            batch_apply(echo_wiring(), arrivals_of(again))

        assert InboxWaiting.objects.count() == 1

    def test_applies_a_waiting_event_that_comes_again_behind_its_gap_once(self):
        first, second = stream_of(ALICE, 2)
        batch_apply(echo_wiring(), arrivals_of(second))

        batch_apply(echo_wiring(), arrivals_of(first, second))

        assert applied_ids(ALICE) == ids_of([first, second])
        assert not InboxWaiting.objects.exists()

    def test_applies_shuffled_and_repeated_deliveries_as_if_they_came_in_order(self):
        chance = random.Random(7)  # noqa: S311  a seed, not a secret
        streams = {stream: stream_of(stream, 20) for stream in (ALICE, BOB)}
        delivered = [r for records in streams.values() for r in records * 3]
        chance.shuffle(delivered)

        while delivered:
            size = chance.randint(1, 9)
            batch_apply(echo_wiring(), arrivals_of(*delivered[:size]))
            delivered = delivered[size:]

        for stream, records in streams.items():
            assert applied_ids(stream) == ids_of(records)
            assert cursor_of(stream) == 20
        assert not InboxWaiting.objects.exists()

    def test_skips_types_that_mean_nothing_here_and_moves_on(self):
        registered = UserRegisteredV1(user_id=ALICE, status="active", registered_at=NOON)
        records = [
            record(registered, stream=ALICE, sequence=1),
            record(stream=ALICE, sequence=2, type="weather_changed.v1"),
            record(stream=ALICE, sequence=3),
        ]

        report = batch_apply(echo_wiring(), arrivals_of(*records))

        assert (report.applied, report.skipped) == (3, 2)
        assert applied_ids(ALICE) == ids_of(records[2:])

    def test_leaves_nothing_behind_when_writing_fails(self):
        def fail(_):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            batch_apply(echo_wiring(fail), arrivals_of(*stream_of(ALICE, 2)))

        assert not InboxCursor.objects.exists()
        assert not OutboxMessage.objects.exists()

    def test_lets_two_consumers_that_got_the_same_events_take_effect_once(self):
        arrivals = arrivals_of(*stream_of(ALICE, 10), *stream_of(BOB, 10))
        barrier = threading.Barrier(3)

        def consume(mine):
            barrier.wait()
            batch_apply(echo_wiring(), mine)
            connection.close()

        orders = (arrivals, arrivals[::-1], arrivals[10:] + arrivals[:10])
        threads = [threading.Thread(target=consume, args=(order,)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert OutboxMessage.objects.count() == 20
        assert (cursor_of(ALICE), cursor_of(BOB)) == (10, 10)

    def test_forgets_the_waiting_row_of_an_event_that_came_again_from_kafka(self):
        first, second, third = stream_of(ALICE, 3)
        batch_apply(echo_wiring(), arrivals_of(third, second))

        report = batch_apply(echo_wiring(), arrivals_of(first, second), unpark=False)

        assert InboxWaiting.objects.values_list("sequence", "state").get() == (3, "waiting")
        assert report.due == {ALICE}

    def test_buries_another_event_that_waited_for_a_place_that_is_taken(self):
        first, second = stream_of(ALICE, 2)
        rival = record(stream=ALICE, sequence=2, offset=9)
        batch_apply(echo_wiring(), arrivals_of(rival))

        batch_apply(echo_wiring(), arrivals_of(first, second), unpark=False)

        letter = InboxWaiting.objects.get()
        assert (letter.state, letter.error_class) == ("dead", "forked")
        assert str(letter.event_id) == ids_of([rival])[0]
