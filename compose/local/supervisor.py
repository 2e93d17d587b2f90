"""Supervisor keeps the processes alive; this is how it is started, asked and stopped."""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from compose.local import leftovers
from compose.local.environment import inherited
from compose.local.errors import OperatorError
from compose.local.processes import Process
from compose.local.stack import ROOT, Stack
from compose.local.supervisor_config import render, socket_path

START_WAIT_S = 10


@dataclass(frozen=True)
class Seen:
    """What supervisor knows of one process; `pid` is 0 while it does not run."""

    state: str
    pid: int
    uptime_s: int


NEVER = Seen(state="STOPPED", pid=0, uptime_s=0)


def call(stack: Stack, method: str, *arguments: object) -> Any:
    """
    Call one method of supervisor's XML-RPC interface.

    Raises:
        OSError, http.client.HTTPException: nobody answers.
        xmlrpc.client.Fault: supervisor refuses.
    """
    socket = socket_path(stack)
    if socket.stat().st_uid != os.geteuid():  # a short path lies where everybody may write
        raise PermissionError(f"{socket} is somebody else's")
    transport = SupervisorTransport("", "", f"unix://{socket}")
    # The address is a formality, the transport goes to the socket. A proxy serves one thread.
    with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
        return getattr(proxy.supervisor, method)(*arguments)


def is_running(stack: Stack) -> bool:
    """Tell whether this stack's supervisor answers."""
    try:
        return bool(call(stack, "getState")["statename"] == "RUNNING")
    except (OSError, xmlrpc.client.Error, ValueError):
        return False


def config_file(stack: Stack) -> Path:
    """Return supervisor's configuration file."""
    return stack.run / "supervisord.conf"


def write_config(stack: Stack, processes: Iterable[Process]) -> None:
    """Write the configuration, which carries passwords, for the owner's eyes only."""
    path = config_file(stack)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(render(stack, processes))


def start(stack: Stack) -> None:
    """
    Start supervisor in the background, with nothing running below it yet.

    Raises:
        OperatorError: it does not come up.
    """
    variables = inherited(stack) | {leftovers.MARKER: str(stack.local_dir)}
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(config_file(stack))]
    result = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    deadline = time.monotonic() + START_WAIT_S
    while result.returncode == 0 and time.monotonic() < deadline:
        if is_running(stack):
            return
        time.sleep(0.05)
    raise OperatorError(f"supervisor did not start: {result.stderr}{result.stdout}".strip())


def apply_changes(stack: Stack) -> None:
    """Make a running supervisor follow a new configuration; what changed is stopped."""
    added, changed, removed = call(stack, "reloadConfig")[0]
    stop_all(stack, [*removed, *changed])
    for name in [*removed, *changed]:
        call(stack, "removeProcessGroup", name)
    for name in [*added, *changed]:
        call(stack, "addProcessGroup", name)


def seen(stack: Stack) -> dict[str, Seen]:
    """Return what supervisor knows of every process; nothing when it does not run."""
    try:
        rows = call(stack, "getAllProcessInfo")
    except (OSError, xmlrpc.client.Error):
        return {}
    return {
        row["name"]: Seen(
            state=row["statename"],
            pid=row["pid"],
            uptime_s=max(0, row["now"] - row["start"]) if row["pid"] else 0,
        )
        for row in rows
    }


def start_process(stack: Stack, name: str) -> None:
    """Ask for a process to be started; does not wait, and is content when it runs already."""
    _tolerating(Faults.ALREADY_STARTED, stack, "startProcess", name, False)  # noqa: FBT003  "wait"; XML-RPC knows no names


def stop_process(stack: Stack, name: str) -> None:
    """Stop a process and wait until it has ended; content when it does not run."""
    _tolerating(Faults.NOT_RUNNING, stack, "stopProcess", name, True)  # noqa: FBT003  "wait"


def stop_all(stack: Stack, names: Iterable[str]) -> None:
    """Stop several processes at the same time."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: stop_process(stack, name), names))


def shut_down(stack: Stack) -> None:
    """Ask supervisor itself to end."""
    call(stack, "shutdown")


def _tolerating(fault: int, stack: Stack, method: str, *arguments: object) -> None:
    try:
        call(stack, method, *arguments)
    except xmlrpc.client.Fault as refusal:
        if refusal.faultCode != fault:
            raise OperatorError(f"supervisor: {refusal.faultString}") from refusal
