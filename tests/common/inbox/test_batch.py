import random
import threading

import pytest
from django.db import connection

from common.events.codec import EventInvalid
from common.events.contracts import UserRegisteredV1
from common.events.envelope import headers_decode
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from common.outbox.models import OutboxMessage
from tests.common.inbox.ledger_of_events import applied_ids, echo_wiring
from tests.factories.events import ALICE, BOB, NOON, record

pytestmark = pytest.mark.django_db(transaction=True)


def arrivals_of(*records):
    return [arrive(one, consumed_at=NOON) for one in records]


def stream_of(stream, count):
    """`count` records of a stream in order, each with an id of its own."""
    return [record(stream=stream, sequence=n, offset=n) for n in range(1, count + 1)]


def ids_of(records):
    return [str(headers_decode(one.headers).id) for one in records]


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
            again = record(stream=ALICE, sequence=2, id=headers_decode(early.headers).id)
            batch_apply(echo_wiring(), arrivals_of(again))
            assert offset < 3

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


class TestPoison:
    def test_is_buried_once_with_its_bytes_and_stops_no_other_stream(self):
        broken = record(stream=ALICE, sequence=1)
        object.__setattr__(broken, "value", b'{"amount": NaN}')
        good = stream_of(BOB, 1)

        for _ in range(2):
            batch_apply(echo_wiring(), arrivals_of(broken, *good))

        letter = InboxWaiting.objects.get()
        assert (letter.state, letter.error_class) == ("dead", "poison")
        assert bytes(letter.value) == b'{"amount": NaN}'
        assert (letter.stream, letter.sequence) == (ALICE, 1)
        assert applied_ids(BOB) == ids_of(good)

    def test_makes_later_events_of_its_stream_wait_and_is_superseded_by_a_valid_one(self):
        first, second = stream_of(ALICE, 2)
        broken = record(stream=ALICE, sequence=1, offset=9)
        object.__setattr__(broken, "value", b"{")
        batch_apply(echo_wiring(), arrivals_of(broken, second))
        assert InboxWaiting.objects.filter(state="waiting").count() == 1

        batch_apply(echo_wiring(), arrivals_of(first))

        assert applied_ids(ALICE) == ids_of([first, second])
        assert InboxWaiting.objects.get().state == "superseded"

    @pytest.mark.parametrize(
        "members",
        [
            {"key": b"somebody-else"},
            {"key": None},
            {"value": None},
            {"headers": []},
            {"headers": [("ce_id", b"\xff")]},
            {"topic": "transactions.events"},
        ],
    )
    def test_is_whatever_is_not_a_whole_event_of_the_topics_owner(self, members):
        broken = record(stream=ALICE)
        for name, value in members.items():
            object.__setattr__(broken, name, value)

        report = batch_apply(echo_wiring(), arrivals_of(broken))

        assert (report.applied, report.dead) == (0, 1)
        assert InboxWaiting.objects.get().error


class TestBatchIsolate:
    def test_buries_the_one_event_that_fails_and_applies_all_others(self):
        alice, bob = stream_of(ALICE, 5), stream_of(BOB, 5)
        guilty = ids_of(alice)[2]

        def fail(received):
            if str(received.envelope.id) == guilty:
                raise ValueError("cannot\x00 be")

        report = batch_isolate(echo_wiring(fail), arrivals_of(*alice, *bob))

        assert applied_ids(BOB) == ids_of(bob)
        assert applied_ids(ALICE) == ids_of(alice[:2])
        letter = InboxWaiting.objects.get(state="dead")
        assert (letter.error_class, letter.attempts) == ("bug", 3)
        assert str(letter.event_id) == guilty
        assert InboxWaiting.objects.filter(state="waiting").count() == 2
        assert (report.applied, report.dead) == (7, 1)

    def test_buries_as_poison_what_a_handler_finds_to_contradict_itself(self):
        alice, bob = stream_of(ALICE, 2), stream_of(BOB, 2)

        def fail(received):
            if str(received.envelope.id) == ids_of(alice)[0]:
                raise EventInvalid("the parties do not fit")

        batch_isolate(echo_wiring(fail), arrivals_of(*alice, *bob))

        letter = InboxWaiting.objects.get(state="dead")
        assert (letter.error_class, letter.attempts) == ("poison", 1)
        assert letter.error == "the parties do not fit"
        assert applied_ids(BOB) == ids_of(bob)

    def test_applies_the_event_again_when_the_bug_is_mended(self):
        alice = stream_of(ALICE, 3)

        def fail(_):
            raise ValueError

        batch_isolate(echo_wiring(fail), arrivals_of(*alice))
        assert applied_ids(ALICE) == []

        batch_isolate(echo_wiring(), arrivals_of(alice[0]))

        assert applied_ids(ALICE) == ids_of(alice)
        assert InboxWaiting.objects.get().state == "superseded"

    def test_buries_a_waiting_event_that_fails_when_its_turn_comes(self):
        first, second, third = stream_of(ALICE, 3)
        guilty = ids_of([second])[0]

        def fail(received):
            if str(received.envelope.id) == guilty:
                raise ValueError

        batch_isolate(echo_wiring(fail), arrivals_of(third, second))
        batch_isolate(echo_wiring(fail), arrivals_of(first))

        assert applied_ids(ALICE) == ids_of([first])
        states = dict(InboxWaiting.objects.values_list("sequence", "state"))
        assert states == {2: "dead", 3: "waiting"}

    def test_keeps_a_forked_stream_waiting(self):
        first, second = stream_of(ALICE, 2)
        rival = record(stream=ALICE, sequence=1, offset=8)

        batch_isolate(echo_wiring(), arrivals_of(first, rival, second))

        assert applied_ids(ALICE) == ids_of([first])
        assert InboxCursor.objects.get().forked_at is not None
        states = sorted(InboxWaiting.objects.values_list("state", "error_class"))
        assert states == [("dead", "forked"), ("waiting", "")]
