from dataclasses import replace

import pytest

from common.ids import uuid7
from common.inbox.batch import batch_apply
from common.inbox.discard import dead_letter_discard
from common.inbox.errors import DiscardRefused, LetterResolved
from common.inbox.isolate import batch_isolate
from common.inbox.models import DeadLetterAction, InboxCursor, InboxWaiting
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


def discard(letter, *, wiring=WIRING, **options):
    return dead_letter_discard(
        wiring=wiring, letter_id=letter.pk, actor="staff:carol", reason="no way", **options
    )


def state_of(letter):
    letter.refresh_from_db()
    return letter.state


class TestDeadLetterDiscard:
    def test_moves_the_stream_past_it_and_applies_what_waited(self, bury):
        alice = stream_of(ALICE, 4)
        letter = bury(*alice)

        assert discard(letter).result == "discarded"

        assert applied_ids(ALICE) == ids_of(alice[1:])
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 4
        assert [row.state for row in InboxWaiting.objects.all()] == ["discarded"]
        action = DeadLetterAction.objects.get()
        assert (action.letter_id, action.action, action.reason) == (letter.pk, "discard", "no way")

    def test_tells_the_service_which_event_goes_and_who_lets_it_go(self, bury):
        told = []
        letter = bury(*stream_of(ALICE, 1))

        discard(letter, wiring=echo_wiring(discard=lambda event, _: told.append(event)))

        assert [(d.envelope.id, d.actor) for d in told] == [(letter.event_id, "staff:carol")]
        assert told[0].event.amount == 250

    def test_tells_it_also_of_a_version_that_nobody_can_read(self):
        told = []
        future = record(stream=ALICE, sequence=1, type="transaction_created.v9")
        batch_apply(WIRING, arrivals_of(future))
        letter = InboxWaiting.objects.get()

        discard(letter, wiring=echo_wiring(discard=lambda event, _: told.append(event)))

        assert [(d.envelope.type, d.event) for d in told] == [("transaction_created.v9", None)]

    def test_changes_nothing_when_the_service_refuses(self, bury):
        letter = bury(*stream_of(ALICE, 2))

        def refuse(*_):
            raise DiscardRefused("somebody waits for it")

        with pytest.raises(DiscardRefused, match="somebody waits"):
            discard(letter, wiring=echo_wiring(discard=refuse))

        assert state_of(letter) == "dead"
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 0
        assert not DeadLetterAction.objects.exists()

    def test_is_refused_before_its_turn_and_names_what_is_missing(self):
        batch_apply(WIRING, arrivals_of(replace(record(stream=ALICE, sequence=3), value=b"{")))

        with pytest.raises(DiscardRefused, match="number 1 is missing"):
            discard(InboxWaiting.objects.get())

    def test_changes_the_row_alone_when_its_place_was_applied(self, bury):
        first, second = stream_of(ALICE, 2)
        letter = bury(first)
        batch_apply(WIRING, arrivals_of(first, second))
        InboxWaiting.objects.update(state="dead")

        assert "applied already" in discard(letter).outcome

        assert state_of(letter) == "discarded"
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 2

    def test_keeps_the_stream_waiting_for_the_real_event_when_it_is_rubbish(self, bury):
        first, second = stream_of(ALICE, 2)
        letter = bury(first, second)

        discard(letter, rubbish=True)
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 0
        assert applied_ids(ALICE) == []

        batch_apply(WIRING, arrivals_of(first))
        assert applied_ids(ALICE) == ids_of([first, second])
        assert state_of(letter) == "discarded"

    def test_of_rubbish_that_comes_again_and_fails_makes_a_dead_letter_again(self, bury):
        first = record(stream=ALICE, sequence=1)
        letter = bury(first)
        discard(letter, rubbish=True)
        GUILTY.update(ids_of([first]))

        batch_isolate(WIRING, arrivals_of(first))

        assert state_of(letter) == "dead"

    def test_of_a_discarded_record_that_is_read_again_changes_nothing(self):
        broken = replace(record(stream=ALICE), value=b"{")
        batch_apply(WIRING, arrivals_of(broken))
        letter = InboxWaiting.objects.get()
        discard(letter)

        batch_apply(WIRING, arrivals_of(broken))

        assert state_of(letter) == "discarded"
        assert InboxWaiting.objects.count() == 1

    @pytest.mark.parametrize(
        "members",
        [
            {"headers": []},
            {"key": str(BOB).encode()},
            {"topic": "transactions.events"},
            {"headers": list(record(stream=ALICE, source="/strangers").headers)},
        ],
    )
    def test_of_what_is_no_event_of_a_stream_of_ours_takes_the_word_rubbish(self, members):
        batch_apply(WIRING, arrivals_of(replace(record(stream=ALICE), **members)))
        letter = InboxWaiting.objects.get()

        with pytest.raises(DiscardRefused, match="rubbish"):
            discard(letter)

        discard(letter, rubbish=True)
        assert state_of(letter) == "discarded"
        assert not InboxCursor.objects.filter(last_sequence__gt=0).exists()

    def test_settles_other_claimants_of_the_place(self, bury):
        first = record(stream=ALICE, sequence=1)
        letter = bury(first)
        broken = replace(record(stream=ALICE, sequence=1, id=uuid7(), offset=8), value=b"{")
        batch_apply(WIRING, arrivals_of(broken))

        discard(letter)

        states = dict(InboxWaiting.objects.values_list("id", "state"))
        assert sorted(states.values()) == ["discarded", "superseded"]

    def test_is_refused_while_another_letter_may_be_the_real_event_of_the_place(self):
        """Its user would wait for ever for what is superseded without an outcome."""
        first, second = stream_of(ALICE, 2)
        rival = record(stream=ALICE, sequence=2, id=uuid7(), offset=8)
        for one in (second, rival, first):
            batch_isolate(WIRING, arrivals_of(one))
        real = InboxWaiting.objects.get(event_id=ids_of([second])[0])
        forged = InboxWaiting.objects.get(event_id=ids_of([rival])[0])

        with pytest.raises(DiscardRefused, match=f"Letter {forged.pk} claims the same place"):
            discard(real)
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 1

        discard(forged, rubbish=True)
        discard(real)
        assert (state_of(real), state_of(forged)) == ("discarded", "discarded")
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 2

    def test_happens_once(self, bury):
        letter = bury(*stream_of(ALICE, 1))
        discard(letter)

        with pytest.raises(LetterResolved):
            discard(letter)
