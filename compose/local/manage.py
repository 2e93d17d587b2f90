"""One-off commands of the services: `manage.py` with the stack's environment."""

import os
import subprocess
import sys

from compose.local.environment import inherited, service_environment
from compose.local.errors import OperatorError
from compose.local.stack import ROOT, Stack

TIMEOUT_S = 180


def run(stack: Stack, service: str, *arguments: str) -> str:
    """
    Run a command and return what it printed.

    Raises:
        OperatorError: it failed; the message carries the end of what it said.
    """
    result = subprocess.run(
        [sys.executable, f"{service}/manage.py", *arguments],
        cwd=ROOT,
        env=inherited(stack) | service_environment(stack, service),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines()[-15:]
        command = f"{service}/manage.py {' '.join(arguments)}"
        raise OperatorError("\n".join([f"{command} failed:", *said]))
    return result.stdout


def become(stack: Stack, service: str, arguments: list[str]) -> None:
    """Replace this process by the command, so that it owns the terminal and the exit code."""
    environment = inherited(stack) | service_environment(stack, service)
    os.chdir(ROOT)
    command = [sys.executable, f"{service}/manage.py", *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606  our own manage.py
