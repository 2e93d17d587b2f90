import pytest

from common.pace import GATHER_S, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def rounds(pace, clock, *, count, every_s, took_s, events=1, more=False):
    """Let rounds begin at a fixed pace."""
    for _ in range(count):
        began_at = clock.now
        clock.now += took_s
        pace.learn(events, began_at=began_at, more=more)
        clock.now += every_s - took_s


class TestPause:
    def test_a_first_round_begins_at_once(self):
        assert Pace().pause_s() == 0

    def test_rounds_without_load_begin_at_once(self):
        clock = Clock()
        pace = Pace(clock=clock)

        rounds(pace, clock, count=40, every_s=0.05, took_s=0.008)

        assert pace.pause_s() == 0

    def test_cheap_rounds_of_many_events_a_second_begin_at_once(self):
        clock = Clock()
        pace = Pace(clock=clock)

        rounds(pace, clock, count=400, every_s=0.005, took_s=0.001)

        assert pace.pause_s() == 0

    def test_rounds_that_take_all_of_the_time_are_held_apart(self):
        clock = Clock()
        pace = Pace(clock=clock)

        rounds(pace, clock, count=200, every_s=0.005, took_s=0.005)

        assert pace.pause_s() == pytest.approx(GATHER_S - 0.005)

    def test_stays_apart_while_rounds_have_more_to_do_and_time_left(self):
        clock = Clock()
        pace = Pace(clock=clock)

        rounds(pace, clock, count=100, every_s=GATHER_S, took_s=0.006, events=8)

        assert pace.pause_s() == 0  # the last began so long ago
        rounds(pace, clock, count=1, every_s=0.006, took_s=0.006, events=8)
        assert pace.pause_s() > 0

    def test_a_full_round_is_followed_at_once(self):
        clock = Clock()
        pace = Pace(clock=clock)

        rounds(pace, clock, count=100, every_s=0.1, took_s=0.1, events=1000, more=True)

        assert pace.pause_s() == 0

    def test_forgets_a_burst(self):
        clock = Clock()
        pace = Pace(clock=clock)
        rounds(pace, clock, count=200, every_s=0.005, took_s=0.005)

        clock.now += 3
        rounds(pace, clock, count=1, every_s=0.005, took_s=0.005)

        assert pace.pause_s() == 0
