import threading
from dataclasses import replace

import msgspec
import pytest
from django.db import connection

from common.events.codec import EventInvalid
from common.inbox.batch import batch_apply
from common.inbox.bulk import resolve_each
from common.inbox.errors import LetterResolved, LetterUnknown, ReplayedTooOften
from common.inbox.models import DeadLetterAction, InboxCursor, InboxWaiting
from common.inbox.replay import FAILURES_MAX, dead_letter_replay
from tests.common.inbox.ledger_of_events import (
    GUILTY,
    WIRING,
    applied_ids,
    arrivals_of,
    echo_wiring,
    ids_of,
    stream_of,
)
from tests.factories.events import ALICE, BOB, record

pytestmark = pytest.mark.django_db(transaction=True)


def replay(letter, *, wiring=WIRING, **options):
    return dead_letter_replay(
        wiring=wiring, letter_id=letter.pk, actor="staff:carol", reason="mended", **options
    )


def state_of(letter):
    letter.refresh_from_db()
    return letter.state


class TestDeadLetterReplay:
    def test_applies_it_with_everything_that_waits_behind_it(self, bury):
        alice = stream_of(ALICE, 5)
        letter = bury(*alice)

        resolution = replay(letter)

        assert (resolution.result, resolution.failed) == ("replayed", False)
        assert applied_ids(ALICE) == ids_of(alice)
        assert [row.state for row in InboxWaiting.objects.all()] == ["replayed"]
        action = DeadLetterAction.objects.get()
        assert (action.letter_id, action.action, action.result) == (letter.pk, "replay", "replayed")
        assert (action.actor, action.reason, action.stream) == ("staff:carol", "mended", ALICE)

    def test_applies_more_than_one_transaction_takes_up(self, bury, monkeypatch):
        monkeypatch.setattr("common.inbox.waiting.LOAD_MAX", 3)
        monkeypatch.setattr("common.inbox.batch.LOAD_MAX", 3)
        alice = stream_of(ALICE, 10)
        letter = bury(*alice)

        replay(letter)

        assert applied_ids(ALICE) == ids_of(alice)

    def test_stays_dead_with_the_new_error_when_it_fails_again(self, bury):
        letter = bury(*stream_of(ALICE, 2))

        def fail(_):
            raise LookupError("another reason")

        resolution = replay(letter, wiring=echo_wiring(fail))

        assert resolution.failed
        assert state_of(letter) == "dead"
        assert (letter.attempts, letter.error) == (4, "LookupError: another reason")
        assert DeadLetterAction.objects.get().result == "failed"
        assert applied_ids(ALICE) == []

    def test_is_poison_when_a_handler_finds_it_to_contradict_itself(self, bury):
        letter = bury(*stream_of(ALICE, 1))

        def fail(_):
            raise EventInvalid("the parties do not fit")

        assert replay(letter, wiring=echo_wiring(fail)).failed
        assert state_of(letter) == "dead"
        assert letter.error_class == "poison"

    def test_is_not_blamed_for_the_event_behind_it(self, bury):
        first, second, third = stream_of(ALICE, 3)
        letter = bury(first, second, third)
        GUILTY.update(ids_of([second]))

        assert replay(letter).result == "replayed"

        assert applied_ids(ALICE) == ids_of([first])
        states = list(InboxWaiting.objects.order_by("sequence").values_list("sequence", "state"))
        assert states == [(1, "replayed"), (2, "dead"), (3, "waiting")]

    def test_waits_for_its_turn_when_it_is_early_and_stays_as_evidence(self):
        first, second, third = stream_of(ALICE, 3)
        broken = replace(third, value=b"{")
        batch_apply(WIRING, arrivals_of(broken))
        letter = InboxWaiting.objects.get()
        InboxWaiting.objects.update(value=third.value)  # what a better decoder would make of it

        assert replay(letter).result == "waiting"
        assert state_of(letter) == "waiting"

        batch_apply(WIRING, arrivals_of(first, second))
        assert applied_ids(ALICE) == ids_of([first, second, third])
        assert state_of(letter) == "replayed"

    def test_is_superseded_when_its_place_was_applied(self, bury):
        first, second = stream_of(ALICE, 2)
        letter = bury(first)
        batch_apply(WIRING, arrivals_of(first, second))
        InboxWaiting.objects.update(state="dead")

        assert replay(letter).result == "superseded"
        assert applied_ids(ALICE) == ids_of([first, second])

    def test_fails_when_another_event_was_applied_last_in_its_place(self, bury):
        rival = record(stream=ALICE, sequence=1, offset=7)
        letter = bury(record(stream=ALICE, sequence=1))
        batch_apply(WIRING, arrivals_of(rival))
        InboxWaiting.objects.update(state="dead")

        assert replay(letter).failed
        assert state_of(letter) == "dead"
        assert letter.error_class == "forked"

    def test_finds_the_stream_of_a_record_that_is_legible_now(self):
        sent = record(stream=ALICE, sequence=1)
        batch_apply(WIRING, arrivals_of(replace(sent, headers=[])))
        letter = InboxWaiting.objects.get()
        assert letter.stream is None
        InboxWaiting.objects.update(headers=msgspec.json.encode(list(sent.headers)))

        assert replay(letter).result == "replayed"

        assert state_of(letter) == "replayed"
        assert (letter.stream, letter.sequence) == (ALICE, 1)
        assert applied_ids(ALICE) == ids_of([sent])

    def test_stays_poison_while_nobody_can_read_it(self):
        batch_apply(WIRING, arrivals_of(replace(record(), value=b"{")))
        letter = InboxWaiting.objects.get()

        assert replay(letter).failed

        assert state_of(letter) == "dead"
        assert letter.attempts == 2

    def test_is_refused_when_somebody_resolved_it(self, bury):
        letter = bury(*stream_of(ALICE, 1))
        replay(letter)

        with pytest.raises(LetterResolved, match="replayed already"):
            replay(letter)

        with pytest.raises(LetterUnknown):
            dead_letter_replay(wiring=WIRING, letter_id=letter.pk + 1, actor="a", reason="b")

    def test_is_not_tried_for_ever(self, bury):
        letter = bury(*stream_of(ALICE, 1))
        GUILTY.update([str(letter.event_id)])
        for _ in range(FAILURES_MAX):
            assert replay(letter).failed
        GUILTY.clear()

        with pytest.raises(ReplayedTooOften):
            replay(letter)

        assert replay(letter, force=True).result == "replayed"

    def test_happens_once_however_many_ask_at_the_same_time(self, bury):
        letter = bury(*stream_of(ALICE, 3))
        barrier = threading.Barrier(50)
        answers = []

        def click():
            barrier.wait()
            try:
                answers.append(replay(letter).result)
            except LetterResolved:
                answers.append("refused")
            finally:
                connection.close()

        clicks = [threading.Thread(target=click) for _ in range(50)]
        for one in clicks:
            one.start()
        for one in clicks:
            one.join()

        assert sorted(answers) == ["refused"] * 49 + ["replayed"]
        assert len(applied_ids(ALICE)) == 3
        assert DeadLetterAction.objects.count() == 1


class TestResolveEach:
    def test_goes_through_streams_in_order_and_changes_nothing_in_a_dry_run(self, bury):
        first, _, third = stream_of(ALICE, 3)
        one = bury(first, third)
        two = bury(record(stream=BOB, sequence=1))
        before = list(InboxWaiting.objects.order_by("id").values())

        def act(letter_id, conduct):
            return dead_letter_replay(
                wiring=WIRING, letter_id=letter_id, actor="a", reason="b", conduct=conduct
            )

        found = resolve_each([one.pk, two.pk, 0], act, dry_run=True)

        assert [(r.letter_id, r.result) for r in found] == [
            (one.pk, "replayed"),
            (two.pk, "replayed"),
            (0, "refused"),
        ]
        assert list(InboxWaiting.objects.order_by("id").values()) == before
        assert not DeadLetterAction.objects.exists()
        assert applied_ids(ALICE) == []
        assert set(InboxCursor.objects.values_list("last_sequence", flat=True)) <= {0}
