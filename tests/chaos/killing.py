"""Kills processes of the started stack, and waits until they are back by themselves."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

from tests.e2e.client import wait_for

BACK_WITHIN_S = 60


def status() -> dict[str, Any]:
    """What `./manage_all.sh status --json --fast` says of the stack under test."""
    done = subprocess.run(
        [sys.executable, "-m", "compose.local", "status", "--json", "--fast"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def process(name: str) -> dict[str, Any]:
    """One process of the stack."""
    return next(p for p in status()["processes"] if p["name"] == name)


def names() -> list[str]:
    """The processes of the stack."""
    return [p["name"] for p in status()["processes"]]


def kill_and_wait(name: str) -> float:
    """Kill a process with SIGKILL; return for how many seconds its successor has been up."""
    before = process(name)["pid"]
    os.kill(before, signal.SIGKILL)

    def look() -> float | None:
        now = process(name)
        back = now["ready"] and now["pid"] not in {None, before}
        return float(now["uptime_s"]) if back else None

    return wait_for(f"{name} is back", look, deadline_s=BACK_WITHIN_S)
