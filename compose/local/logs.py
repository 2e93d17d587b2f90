"""What the processes wrote."""

import os
import shutil

from compose.local.errors import OperatorError
from compose.local.stack import Stack

LINES = "50"


def show(stack: Stack, name: str | None, *, follow: bool) -> None:
    """
    Become `tail` on one process's log, or on all of them.

    Raises:
        OperatorError: there is no such log.
    """
    files = sorted(str(file) for file in stack.logs.glob(f"{name or '*'}.log"))
    if not files:
        known = ", ".join(sorted(file.stem for file in stack.logs.glob("*.log"))) or "none yet"
        raise OperatorError(f"there is no log of {name or 'any process'}; logs: {known}")
    tail = shutil.which("tail")
    if tail is None:
        raise OperatorError(f"`tail` was not found; the logs are in {stack.logs}")
    os.execv(tail, ["tail", "-n", LINES, *(["-F"] if follow else []), *files])  # noqa: S606
