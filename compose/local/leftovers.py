"""
Processes of a stack that outlived their supervisor.

Supervisor carries a variable that names the stack, and everything it starts inherits it. That is
how a process is known to be ours: a pid written to a file may be another program's by now, and
misses what a supervisor restarted since. PostgreSQL's own children hide their environment, but
end with their parent.
"""

import psutil

from compose.local.errors import OperatorError
from compose.local.stack import Stack

MARKER = "NOTION_API_STACK"
TERMINATE_WAIT_S = 10
KILL_WAIT_S = 5


def living(stack: Stack) -> list[psutil.Process]:
    """Return every process of the stack, supervisor first."""
    found = [process for process in psutil.process_iter() if belongs(process, stack)]
    return sorted(found, key=lambda process: process.create_time())


def belongs(process: psutil.Process, stack: Stack) -> bool:
    """Tell whether a process is one of the stack's, as far as this user may know."""
    try:
        marked = process.environ().get(MARKER)
        return marked == str(stack.local_dir) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the processor's seconds of these, and of all that they started and waited for."""
    used = 0.0
    for process in _with_children(processes):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used


def _with_children(processes: list[psutil.Process]) -> set[psutil.Process]:
    """Add what hides that it belongs to the stack: the children of PostgreSQL."""
    found = set(processes)
    for process in processes:
        try:
            found.update(process.children(recursive=True))
        except psutil.Error:
            continue
    return found


def listening_ports(processes: list[psutil.Process]) -> set[int]:
    """Return every port these processes listen on."""
    found = set()
    for process in processes:
        try:
            connections = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        found |= {
            each.laddr.port
            for each in connections
            if each.laddr and each.status == psutil.CONN_LISTEN
        }
    return found


def stop(processes: list[psutil.Process]) -> None:
    """
    End the processes, politely first, and wait until they are gone.

    Raises:
        OperatorError: one cannot be ended.
    """
    for ask, wait_s in (
        (psutil.Process.terminate, TERMINATE_WAIT_S),
        (psutil.Process.kill, KILL_WAIT_S),
    ):
        for process in processes:
            try:
                ask(process)
            except psutil.NoSuchProcess:
                continue
        _, processes = psutil.wait_procs(processes, timeout=wait_s)
    if processes:
        names = ", ".join(f"{process.name()} (pid {process.pid})" for process in processes)
        raise OperatorError(f"these processes could not be ended: {names}")
