"""Wait until a started process is ready, or say why it is not."""

import threading
import time
from collections import deque
from pathlib import Path

from compose.local import supervisor
from compose.local.errors import NotReady
from compose.local.processes import Process
from compose.local.stack import Stack

READY_WAIT_S = 90
PAUSE_S = 0.1
# A process that had this many lives while we waited will not get better by waiting.
LIVES_MAX = 3
TAIL_LINES = 15


class Abandoned(Exception):
    """Another part of the same start failed; there is nothing to wait for any more."""


def wait_ready(stack: Stack, process: Process, abandon: threading.Event) -> None:
    """
    Wait until the process is ready.

    Raises:
        NotReady: it keeps ending, or took too long.
        Abandoned: `abandon` was set meanwhile.
    """
    deadline = time.monotonic() + READY_WAIT_S
    lives: set[int] = set()
    while True:
        if abandon.is_set():
            raise Abandoned
        state = supervisor.seen(stack).get(process.name, supervisor.NEVER)
        lives.add(state.pid)
        if (state.state == "RUNNING" or not process.own) and process.is_ready():
            return
        if len(lives - {0}) > LIVES_MAX:
            raise _not_ready(stack, process, "it ends again and again")
        if time.monotonic() > deadline:
            raise _not_ready(stack, process, f"nothing after {READY_WAIT_S} seconds")
        time.sleep(PAUSE_S)


def _not_ready(stack: Stack, process: Process, reason: str) -> NotReady:
    log = stack.logs / f"{process.name}.log"
    return NotReady(process.name, reason, tail(log, TAIL_LINES))


def tail(file: Path, lines: int) -> str:
    """Return the last lines of a text file, nothing when there is none."""
    if not file.exists():
        return ""
    with file.open(errors="replace") as text:
        return "".join(deque(text, maxlen=lines))
