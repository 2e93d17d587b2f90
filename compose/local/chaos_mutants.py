"""The verb `chaos --mutants`: plant bugs in a copy of the tree and see that a test notices."""

import subprocess
import sys
from collections.abc import Sequence

from compose.local import stack_for_tests, startup
from compose.local.stack import ROOT, Stack


def run(stack: Stack, names: Sequence[str]) -> int:
    """Try the named bugs, all of them without a name, on one stack, and return the exit code."""
    with stack_for_tests.reserved(stack, keep=False) as mine:
        startup.up(mine)
        return subprocess.run(
            [sys.executable, "-m", "tests.mutants", *names],
            cwd=ROOT,
            env=stack_for_tests.variables(mine),
            check=False,
        ).returncode
