import threading

import pytest

from common.ahead import ahead


class Spoilt(Exception):
    """Making an item failed."""


def counted(made, *, spoilt_at=None):
    for number in range(5):
        if number == spoilt_at:
            raise Spoilt
        made.append((number, threading.current_thread()))
        yield number


class TestAhead:
    def test_gives_the_same_items_in_order_made_on_another_thread(self):
        made = []

        with ahead(counted(made)) as items:
            found = list(items)

        assert found == [0, 1, 2, 3, 4]
        assert {thread for _, thread in made}.isdisjoint({threading.current_thread()})

    def test_makes_items_that_nobody_has_asked_for_yet(self):
        last = threading.Event()

        def made():
            yield 1
            yield 2
            last.set()

        with ahead(made()) as items:
            assert next(items) == 1
            assert last.wait(10)

    def test_raises_what_making_raised_after_the_items_before_it(self):
        found = []

        with pytest.raises(Spoilt), ahead(counted([], spoilt_at=3)) as items:
            found.extend(items)

        assert found == [0, 1, 2]

    def test_ends_making_before_whoever_leaves_early_goes_on(self):
        made = []

        with pytest.raises(LookupError), ahead(counted(made)) as items:
            next(items)
            raise LookupError

        assert [number for number, _ in made] == [0, 1, 2, 3, 4]
        assert not any(thread.is_alive() for _, thread in made)
