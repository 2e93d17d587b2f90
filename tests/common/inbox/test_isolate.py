import pytest

from common.events.codec import EventInvalid
from common.inbox.conduct import Conduct
from common.inbox.isolate import ATTEMPTS_MAX, batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from tests.common.inbox.ledger_of_events import (
    applied_ids,
    arrivals_of,
    echo_wiring,
    ids_of,
    stream_of,
)
from tests.factories.events import ALICE, BOB, record

pytestmark = pytest.mark.django_db(transaction=True)


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

    def test_buries_no_event_that_another_member_applied_meanwhile(self):
        """It failed here three times, and the stream went to a member that can do it."""
        alice = stream_of(ALICE, 1)
        tried = []

        def fail(received):
            tried.append(received)
            raise ValueError

        def beat():
            if len(tried) == 1 + ATTEMPTS_MAX:
                batch_isolate(echo_wiring(), arrivals_of(*alice))

        report = batch_isolate(echo_wiring(fail), arrivals_of(*alice), conduct=Conduct(beat=beat))

        assert applied_ids(ALICE) == ids_of(alice)
        assert report.dead == 0
        assert not InboxWaiting.objects.exists()

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

    def test_applies_neither_of_two_events_that_waited_for_one_place(self):
        first, second = stream_of(ALICE, 2)
        rival = record(stream=ALICE, sequence=2, offset=8)
        for one in (second, rival, first):
            batch_isolate(echo_wiring(), arrivals_of(one))

        assert applied_ids(ALICE) == ids_of([first])
        assert InboxCursor.objects.get().forked_at is None
        classes = list(InboxWaiting.objects.values_list("state", "error_class"))
        assert classes == [("dead", "contested")] * 2

        batch_isolate(echo_wiring(), arrivals_of(second))  # sent again, and now in its turn
        assert applied_ids(ALICE) == ids_of([first, second])
        assert set(InboxWaiting.objects.values_list("state", flat=True)) == {"superseded"}

    def test_finds_a_contested_place_behind_an_event_that_fails_with_others(self):
        first, second, third = stream_of(ALICE, 3)
        rival = record(stream=ALICE, sequence=3, offset=8)
        for one in (third, rival, second):
            batch_isolate(echo_wiring(), arrivals_of(one))

        def only_alone(received):
            if len(received) > 1:
                raise ValueError("two at once")

        batch_isolate(echo_wiring(before=only_alone), arrivals_of(first))

        assert applied_ids(ALICE) == ids_of([first, second])
        dead = InboxWaiting.objects.filter(state="dead")
        assert sorted(dead.values_list("error_class", flat=True)) == ["contested"] * 2

    def test_looks_for_the_event_that_fails_behind_a_gap_once(self):
        first, *waiting = stream_of(ALICE, 20)
        guilty = ids_of(waiting)[-1]
        tried = []

        def fail(received):
            if str(received.envelope.id) == guilty:
                tried.append(guilty)
                raise ValueError

        batch_isolate(echo_wiring(fail), arrivals_of(*waiting))
        batch_isolate(echo_wiring(fail), arrivals_of(first))

        assert applied_ids(ALICE) == ids_of([first, *waiting[:-1]])
        assert InboxWaiting.objects.get().state == "dead"
        assert len(tried) <= 2 + ATTEMPTS_MAX
