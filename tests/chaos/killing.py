"""Looks at processes of the started stack, and does to them what can happen to processes."""

import os
import signal
import threading
import time

import psutil

from compose.local import supervisor
from compose.local.processes import Process, processes_of
from compose.local.stack import stack_from
from tests.e2e.client import wait_for

BACK_WITHIN_S = 60
LOOK_S = 0.1


def _stack():
    return stack_from(os.environ)


def names() -> list[str]:
    """Every process that may die: all but the proxy, which is part of the harness."""
    return [process.name for process in processes_of(_stack()) if process.name != "links"]


def _process(name: str) -> Process:
    return next(process for process in processes_of(_stack()) if process.name == name)


def pid_of(name: str) -> int:
    """The pid that supervisor knows, once there is one."""

    def look() -> int | None:
        seen = supervisor.seen(_stack()).get(name, supervisor.NEVER)
        return seen.pid or None

    return wait_for(f"{name} has a pid", look, deadline_s=BACK_WITHIN_S)


def kill(name: str) -> None:
    """SIGKILL, and no more than that: its children have to notice."""
    os.kill(pid_of(name), signal.SIGKILL)


def kill_child(name: str, *, chance) -> None:
    """SIGKILL one of its children: a worker of a web process, a backend of PostgreSQL."""
    children = psutil.Process(pid_of(name)).children(recursive=True)
    _signal_all([chance.choice(children)] if children else [], signal.SIGKILL)


def pause(name: str, seconds: float) -> None:
    """Stop a process and its children for a while, and let them go on."""
    found = psutil.Process(pid_of(name))
    family = [found, *found.children(recursive=True)]
    _signal_all(family, signal.SIGSTOP)
    try:
        threading.Event().wait(seconds)
    finally:
        _signal_all(family, signal.SIGCONT)


def restart(name: str) -> None:
    """End a process politely, and start it again."""
    stop(name)
    start(name)


def stop(name: str) -> None:
    """End a process politely, and keep it down."""
    supervisor.stop_process(_stack(), name)


def stop_all(names: list[str]) -> None:
    """End several processes politely at the same time, and keep them down."""
    supervisor.stop_all(_stack(), names)


def start(name: str) -> None:
    """Start what `stop` stopped."""
    supervisor.start_process(_stack(), name)


def wait_until_back(name: str, *, not_pid: int = 0) -> float:
    """Wait until a process is ready, under another pid than `not_pid`; how long it took."""
    began = time.monotonic()
    process, pause_s = _process(name), threading.Event()

    def look() -> bool | None:
        seen = supervisor.seen(_stack()).get(name, supervisor.NEVER)
        if seen.state == "RUNNING" and seen.pid != not_pid and process.is_ready():
            return True
        pause_s.wait(LOOK_S)
        return None

    wait_for(f"{name} is back", look, deadline_s=BACK_WITHIN_S)
    return time.monotonic() - began


def _signal_all(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue  # it ended meanwhile, as children do
