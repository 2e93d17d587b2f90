"""Kills processes of the started stack, and waits until they are back by themselves."""

import os
import signal
import time
from typing import Any

from compose.local import status
from compose.local.stack import stack_from
from tests.e2e.client import wait_for

BACK_WITHIN_S = 60


def process(name: str) -> dict[str, Any]:
    """One process of the stack under test, as `status --json --fast` shows it."""
    found = status.collect(stack_from(os.environ), fast=True)
    return next(p for p in found["processes"] if p["name"] == name)


def kill_and_wait(name: str) -> float:
    """Kill a process with SIGKILL; return after how many seconds its successor was ready."""
    before = process(name)["pid"]
    began = time.monotonic()
    os.kill(before, signal.SIGKILL)

    def look() -> float | None:
        now = process(name)
        back = now["ready"] and now["pid"] not in {None, before}
        return time.monotonic() - began if back else None

    return wait_for(f"{name} is back", look, deadline_s=BACK_WITHIN_S)
