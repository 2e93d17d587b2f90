"""Runs schemathesis over a service's committed description, through the gateway."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("users", "transactions")
_PHASES = "examples,coverage,fuzzing,stateful"
_CONFIG = Path(__file__).with_name("schemathesis.toml")
_SELECTED = re.compile(r"Selected: (\d+)/")
_GENERATED = re.compile(r"(\d+) generated")
_EXAMPLES_MAX = 2000
_ROUNDS_MAX = 30


class Round(NamedTuple):
    """What one run of schemathesis came to."""

    passed: bool
    operations: int
    cases: int
    output: str


def run_cases(service: str, cases: int) -> Round:
    """
    Run rounds with other values until there were so many cases, or one round finds something.

    The examples and the cases of the coverage phase are the same in every round, so they are in
    the first one only.
    """
    first = run_round(service, "--phases", _PHASES, "--max-examples", "20")
    total, last = first.cases, first
    for _ in range(_ROUNDS_MAX):
        if not last.passed or total >= cases:
            break
        each = min(_EXAMPLES_MAX, -(-(cases - total) // first.operations))
        last = run_round(service, "--phases", "fuzzing,stateful", "--max-examples", str(each))
        total += last.cases
    return last._replace(cases=total)


def run_round(service: str, *options: str) -> Round:
    """Run schemathesis once, in a folder of its own: it keeps what it found below it."""
    with tempfile.TemporaryDirectory() as folder:
        done = _run(service, *options, folder=folder)
    return Round(
        passed=done.returncode == 0,
        operations=_number(_SELECTED, done.stdout),
        cases=_number(_GENERATED, done.stdout),
        output=done.stdout,
    )


def _run(service: str, *options: str, folder: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(_CONFIG), "--no-color", "run"),
            str(ROOT / "docs" / "openapi" / f"{service}.json"),
            # One worker: Python 3.11 fails in `ast` when several threads of hypothesis need it.
            *("--url", os.environ["GATEWAY_URL"], "--workers", "1", *options),
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.fuzz.callers",
            "NO_PROXY": "127.0.0.1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0
