from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.inbox.arrival import Arrival, arrive
from common.inbox.placement import Cursor, Placing, Turn
from tests.factories.events import ALICE, BOB, NOON, envelope, record

EVENTS = {
    (stream, sequence): arrive(record(stream=stream, sequence=sequence), consumed_at=NOON)
    for stream in (ALICE, BOB)
    for sequence in range(1, 8)
}


def place_all(arrivals: list[Arrival], *, batch_size: int) -> tuple[list[Arrival], Placing]:
    """Deliver in batches, parking across them as the database does."""
    cursors = {ALICE: Cursor(ALICE), BOB: Cursor(BOB)}
    parked: dict[tuple[UUID, int], Arrival] = {}
    applied = []
    for start in range(0, max(len(arrivals), 1), batch_size):
        placing = Placing(cursors, parked)
        for arrival in arrivals[start : start + batch_size]:
            applied += placing.take(arrival)
    return applied, placing


class TestPlacing:
    @given(
        st.lists(st.sampled_from(sorted(EVENTS)), max_size=30),
        st.randoms(use_true_random=False),
        st.integers(1, 9),
    )
    def test_applies_every_event_once_and_in_order_however_they_arrive(
        self, repeated, random, batch_size
    ):
        delivered = [*EVENTS, *repeated]
        random.shuffle(delivered)

        applied, placing = place_all([EVENTS[p] for p in delivered], batch_size=batch_size)

        for stream in (ALICE, BOB):
            mine = [a.envelope.sequence for a in applied if a.envelope.stream == stream]
            assert mine == list(range(1, 8))
        assert not placing.parked
        assert not placing.forked

    @given(st.sets(st.sampled_from(sorted(EVENTS))))
    def test_applies_only_what_has_no_gap_before_it(self, there):
        applied, placing = place_all([EVENTS[p] for p in sorted(there)], batch_size=3)

        for stream in (ALICE, BOB):
            reach = next(n for n in range(1, 9) if (stream, n) not in there)
            mine = [a.envelope.sequence for a in applied if a.envelope.stream == stream]
            assert mine == list(range(1, reach))
        assert len(applied) + len(placing.parked) == len(there)

    def test_forks_when_another_event_claims_the_last_sequence(self):
        placing = Placing({ALICE: Cursor(ALICE)})
        first, rival, following = (arrive(record(sequence=n), consumed_at=NOON) for n in (1, 1, 2))

        applied = [a for item in (first, rival, following) for a in placing.take(item)]

        assert applied == [first]
        assert placing.forked == [rival]
        assert placing.cursors[ALICE].forked
        assert list(placing.parked.values()) == [following]

    def test_applies_neither_of_two_events_that_wait_for_one_place(self):
        placing = Placing({ALICE: Cursor(ALICE)})
        waiting, rival, third, due = (
            arrive(record(sequence=n), consumed_at=NOON) for n in (2, 2, 2, 1)
        )

        applied = [a for item in (waiting, rival, third, due) for a in placing.take(item)]

        assert applied == [due]
        assert placing.contested == {(ALICE, 2): [waiting, rival, third]}
        assert not placing.cursors[ALICE].forked

    def test_gives_a_contested_place_to_the_one_that_comes_in_its_turn(self):
        placing = Placing({ALICE: Cursor(ALICE)})
        waiting, rival, due = (arrive(record(sequence=n), consumed_at=NOON) for n in (2, 2, 1))

        applied = [a for item in (waiting, rival, due, rival) for a in placing.take(item)]

        assert applied == [due, rival]
        assert placing.forked == [waiting]
        assert placing.contested == {}

    def test_begins_a_stream_without_a_cursor_with_its_first_event_that_is_here(self):
        placing = Placing({ALICE: Cursor(ALICE), BOB: Cursor(BOB, 1, envelope().id)})
        sixth, fifth = (arrive(record(sequence=n), consumed_at=NOON) for n in (6, 5))
        other = arrive(record(stream=BOB, sequence=7), consumed_at=NOON)

        placing.begin_at_first(item.envelope for item in (sixth, fifth, other))
        applied = [a for item in (sixth, fifth, other) for a in placing.take(item)]

        assert applied == [fifth, sixth]
        assert placing.cursors[BOB].last_sequence == 1

    def test_gives_up_what_waits_for_a_place_that_was_passed(self):
        placing = Placing({ALICE: Cursor(ALICE, 2, envelope(sequence=2).id)})
        passed, rival, early = (
            arrive(record(sequence=n), consumed_at=NOON, row_id=n) for n in (1, 2, 4)
        )

        for item in (passed, rival, early):
            placing.take_up(item)

        assert placing.duplicate_rows == [1]
        assert placing.forked == [rival]
        assert list(placing.parked.values()) == [early]


class TestTurnOf:
    def test_says_what_the_sequence_says(self):
        known = envelope(sequence=3)
        cursor = Cursor(ALICE, last_sequence=3, last_event_id=known.id)

        assert cursor.turn_of(known) is Turn.DUPLICATE
        assert cursor.turn_of(envelope(sequence=2)) is Turn.DUPLICATE
        assert cursor.turn_of(envelope(sequence=3)) is Turn.FORKED
        assert cursor.turn_of(envelope(sequence=4)) is Turn.APPLY
        assert cursor.turn_of(envelope(sequence=5)) is Turn.WAIT

    def test_cannot_compare_what_lies_before_a_baseline(self):
        cursor = Cursor(ALICE, last_sequence=3)

        assert cursor.turn_of(envelope(sequence=3)) is Turn.DUPLICATE
