import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.lane import ROOT, Lane, part_of
from tests.mutants.mutant import PLACEMENT, SIMULATION
from tests.mutants.table import MUTANTS

# Quick ones, each noticed by the simulation or by a unit test alone.
SAMPLE = ("accepted-unasked", "mark-before-report", "no-sequence-check")


@pytest.fixture(scope="module")
def lane():
    return Lane(Path(os.environ["LOCAL_DIR"]) / "mutants" / "sample", seeds=100)


def test_the_text_that_each_bug_changes_is_there_exactly_once():
    assert len(MUTANTS) >= 24
    assert not [name for name, count in Counter(m.name for m in MUTANTS).items() if count > 1]
    for mutant in MUTANTS:
        assert mutant.text(ROOT) != (ROOT / mutant.file).read_text(), mutant.name
        assert all((ROOT / test).exists() for test in mutant.tests), mutant.name


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SAMPLE)
def test_a_planted_bug_is_noticed(lane, name):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    alone = tuple(test for test in mutant.tests if not part_of(test).needs_stack)

    verdict = lane.try_mutant(replace(mutant, tests=alone))

    assert verdict.caught, verdict


@pytest.mark.timeout(300)
def test_without_a_bug_there_is_nothing_to_notice(lane):
    lane.check_unharmed([PLACEMENT, SIMULATION])
