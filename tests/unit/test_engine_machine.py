"""
The engine step by step against a naive ledger, over whatever sequences Hypothesis comes up with.

A sample runs with all other tests, always the same one. All of it, about four minutes of one
core and new sequences each time:

    LEDGER_MACHINE_EXAMPLES=2000 ./manage_all.sh test unit -- -s -k naive_ledger
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.engine_machine import LedgerMachine
from transactions.ledger.engine import Refusal

EXAMPLES = int(os.environ.get("LEDGER_MACHINE_EXAMPLES", "0"))
SAMPLE = 60
STEPS = 50


@pytest.mark.timeout(max(120, 2 * EXAMPLES))
def test_decides_as_the_naive_ledger_does_and_gives_every_code_on_the_way():
    LedgerMachine.seen.clear()

    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=EXAMPLES or SAMPLE,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    print(f"{EXAMPLES or SAMPLE} sequences of {STEPS} steps: {dict(LedgerMachine.seen)}")
    assert set(LedgerMachine.seen) == {"", *Refusal}
