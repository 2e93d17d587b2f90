import pytest

from common.inbox.breaker import Breaker, BreakerLimits, BreakerTripped


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def breaker(clock, **limits):
    return Breaker(BreakerLimits(**limits), clock=clock)


def commit(guard, fates):
    guard.weigh(fates)
    guard.count(fates)


class TestStreamsInARow:
    def test_trips_at_the_limit_and_not_before(self, clock):
        guard = breaker(clock, streams=3)
        commit(guard, ["a", "b"])

        with pytest.raises(BreakerTripped, match="3 streams in a row"):
            guard.weigh(["c"])

    def test_begins_anew_with_every_applied_event(self, clock):
        guard = breaker(clock, streams=3)
        commit(guard, ["a", "b", None, "c"])
        commit(guard, ["d"])

        with pytest.raises(BreakerTripped):
            guard.weigh(["e", None])

    def test_counts_a_stream_once(self, clock):
        guard = breaker(clock, streams=3)

        commit(guard, ["a", "b", "a", "b"])

    def test_forgets_what_was_rolled_back(self, clock):
        guard = breaker(clock, streams=3)
        guard.weigh(["a", "b"])

        commit(guard, ["c", "d"])


class TestShareOfAWindow:
    def test_needs_both_the_number_and_the_share(self, clock):
        guard = breaker(clock, streams=100, letters=5, share=0.05)
        commit(guard, [None] * 100)
        commit(guard, ["a"] * 4)

        with pytest.raises(BreakerTripped, match="6 dead letters among 106 events"):
            guard.weigh(["a"] * 2)

    def test_bears_a_small_share_however_many_they_are(self, clock):
        guard = breaker(clock, streams=100, letters=5, share=0.05)

        for _ in range(20):
            commit(guard, [None] * 40 + ["a", "b"])

    def test_forgets_what_is_older_than_the_window(self, clock):
        guard = breaker(clock, streams=100, letters=5, window_s=300)
        commit(guard, ["a"] * 4)
        clock.now += 301

        commit(guard, ["a"] * 4)

        clock.now += 299
        with pytest.raises(BreakerTripped):
            guard.weigh(["a"])

    def test_weighs_a_batch_as_fast_after_many_batches_as_after_few(self, clock):
        """Before every COMMIT; its memory is bounded as well."""
        guard = breaker(clock)

        for _ in range(3000):
            commit(guard, [None])
            clock.now += 0.005

        assert len(guard._window) <= 16
        assert (guard._events, guard._letters) == (3000, 0)


class TestReset:
    def test_counts_anew(self, clock):
        guard = breaker(clock, streams=3)
        commit(guard, ["a", "b"])

        guard.reset()

        commit(guard, ["c", "d"])

    def test_lets_as_many_letters_through_as_it_was_told(self, clock):
        guard = breaker(clock, streams=3)
        guard.reset(let_through=4)
        commit(guard, ["a", "b", "c"])
        commit(guard, ["d", "e", "f"])

        with pytest.raises(BreakerTripped):
            guard.weigh(["g"])
