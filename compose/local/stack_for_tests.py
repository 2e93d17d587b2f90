"""The stack of a test run: its own folder, its own ports, and nothing left of it afterwards."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from compose.local import lifecycle
from compose.local.environment import inherited, stack_environment
from compose.local.errors import OperatorError
from compose.local.locks import Held, locked
from compose.local.ports import free_offset, parse_offset
from compose.local.stack import Stack, listening_names
from compose.local.terminal import progress

FIRST_OFFSET = "10000"
STEP = 100
RUNS_MAX = 9


@contextmanager
def reserved(stack: Stack, *, keep: bool) -> Iterator[Stack]:
    """
    Describe a stack nobody else uses, and remove it at the end unless `keep`.

    Several test runs may go on in one clone; each takes the next folder and the next ports. What
    an earlier run left behind in the folder, because it was killed, is removed first.
    """
    with ExitStack() as held:
        number = _number(stack, held)
        mine = replace(stack, local_dir=_folder(stack, number), variables=_variables(stack))
        lifecycle.reset(mine)
        first = parse_offset(stack.variables.get("PORT_OFFSET", FIRST_OFFSET)) + STEP * (number - 1)
        mine = replace(mine, offset=free_offset(listening_names(mine), first))
        mine.make_folders()
        try:
            yield mine
        finally:
            if not keep:
                lifecycle.reset(mine)


def _number(stack: Stack, held: ExitStack) -> int:
    for number in range(1, RUNS_MAX + 1):
        lock = _folder(stack, number).with_suffix(".lock")
        try:
            held.enter_context(locked(lock, wait_s=0))
        except Held:
            continue
        return number
    raise OperatorError(f"{RUNS_MAX} test runs are going on here already")


def _folder(stack: Stack, number: int) -> Path:
    return stack.local_dir / ("test" if number == 1 else f"test-{number}")


def _variables(stack: Stack) -> dict[str, str]:
    """Leave out what would make the test stack use somebody's outside stores or settings."""
    given = inherited(stack)
    return {name: value for name, value in given.items() if not name.startswith("KAFKA_BOOTSTRAP")}


def variables(stack: Stack) -> dict[str, str]:
    """Return the environment of the test processes; `settings.test` itself chooses the owner."""
    return inherited(stack) | stack_environment(stack)


def keep_logs(stack: Stack, target: Path) -> None:
    """Keep the logs of a failed run where the next run does not remove them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(stack.logs, target)
    progress.print(f"The logs of the stack are in {target}")
