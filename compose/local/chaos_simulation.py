"""The verb `chaos --simulate`: many seeds of the protocol core, without a stack."""

import subprocess
import sys

from compose.local import stack_for_tests
from compose.local.stack import ROOT, Stack


def run(stack: Stack, *, seeds: int, first: int | None) -> int:
    """Simulate so many seeds, from the first on, and return the exit code."""
    variables = stack_for_tests.variables(stack)
    command = [sys.executable, "-m", "tests.simulation", "--seeds", str(seeds)]
    return subprocess.run(
        [*command, "--first", str(first or 1)],
        cwd=ROOT,
        env={**variables, "DJANGO_SETTINGS_MODULE": "users.settings.test"},
        check=False,
    ).returncode
