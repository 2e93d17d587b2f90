import os

import pytest

from tests.simulation.run import run_seed
from tests.simulation.seams import seams

SEEDS = int(os.environ.get("SIMULATE", "500"))
"""A sample; `./manage_all.sh chaos --simulate N` runs as many as one likes."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("first", range(1, SEEDS + 1, 100))
def test_every_promise_holds_whatever_is_killed_stopped_lost_or_repeated(first):
    with seams():
        for seed in range(first, min(first + 100, SEEDS + 1)):
            run_seed(seed)


def test_the_same_seed_gives_the_same_run():
    with seams():
        assert run_seed(7) == run_seed(7)
