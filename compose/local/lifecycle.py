"""Take a stack down, remove it, start parts of it again; `startup` brings it up."""

import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psutil

from compose.local import leftovers, placement, supervisor
from compose.local.environment import has_own_database, has_own_kafka
from compose.local.errors import OperatorError
from compose.local.locks import Held, locked
from compose.local.ports import busy, listener
from compose.local.processes import Process, is_store, processes_of
from compose.local.stack import SERVICES, Stack, listening_names
from compose.local.supervisor_config import socket_path
from compose.local.terminal import progress, step_done
from compose.local.waiting import wait_ready

SUPERVISOR_WAIT_S = 20
VERB_WAIT_S = 60
# What a stack makes in its folder. Anything else is somebody else's: LOCAL_DIR may be any folder,
# and test stacks live below the default one.
MADE_BY_STACK = (
    *("celery", "gateway", "kafka", "logs", "mail", "postgres", "run", "signing-keys", "stamps"),
    *("credentials.json", "credentials.new", "install.lock"),
)


@contextmanager
def alone(stack: Stack) -> Iterator[None]:
    """
    Keep other verbs that change this stack out for the duration of the block.

    Raises:
        OperatorError: one is at work, and still was after a minute.
    """
    stack.make_folders()
    try:
        with locked(stack.run / "verb.lock", wait_s=VERB_WAIT_S):
            yield
    except Held as error:
        raise OperatorError(
            f"another ./manage_all.sh is at work on {stack.local_dir}; try again when it is done"
        ) from error


def own_ports(stack: Stack) -> list[int]:
    """Return every port the stack opens itself."""
    outside = {
        f"postgres-{service}" for service in SERVICES if not has_own_database(stack, service)
    }
    if not has_own_kafka(stack):
        outside |= {"kafka", "kafka-controller"}
    return [stack.port(name) for name in listening_names(stack) if name not in outside]


def down(stack: Stack) -> None:
    """
    Stop every process and make sure that nothing runs or listens any more.

    Raises:
        OperatorError: something could not be stopped.
    """
    if not stack.run.exists():
        progress.print("Nothing is running.")
        return
    began = time.monotonic()
    with alone(stack):
        found = leftovers.living(stack)
        opened = leftovers.listening_ports(found)
        if supervisor.is_running(stack):
            _stop_supervised(stack)
        leftovers.stop(leftovers.living(stack))
        socket_path(stack).unlink(missing_ok=True)  # a killed supervisor leaves it behind
        _verify_closed(opened)
    what = f"{len(found)} processes ended" if found else "nothing was running"
    step_done("down", what, _since(began))


def _since(began: float) -> float:
    return time.monotonic() - began


def _stop_supervised(stack: Stack) -> None:
    _stop_in_order(stack, set(supervisor.seen(stack)))
    daemon = leftovers.living(stack)[:1]
    supervisor.shut_down(stack)
    psutil.wait_procs(daemon, timeout=SUPERVISOR_WAIT_S)


def _stop_in_order(stack: Stack, names: set[str]) -> None:
    """Stop what writes before what it writes to."""
    stores = {name for name in names if is_store(name)}
    supervisor.stop_all(stack, names - stores)
    supervisor.stop_all(stack, stores)


def _verify_closed(ports: Iterable[int]) -> None:
    if still := busy(ports):
        named = ", ".join(f"{port}: {listener(port)}" for port in still)
        raise OperatorError(f"all processes ended, but ports are still open ({named})")


def reset(stack: Stack) -> None:
    """Take the stack down and remove its data, keys and passwords."""
    if stack.run.exists():
        down(stack)
    shutil.rmtree(placement.shelter_of(stack), ignore_errors=True)
    for entry in (stack.local_dir / name for name in MADE_BY_STACK):
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    if stack.local_dir.exists() and not any(stack.local_dir.iterdir()):
        stack.local_dir.rmdir()


def restart(stack: Stack, names: list[str]) -> None:
    """
    Stop and start the named processes, a service's name meaning all of its own.

    Raises:
        OperatorError: a name means nothing here, or the stack is not up.
    """
    processes = [process for process in processes_of(stack) if process.own]
    chosen = [process for name in names for process in _named(name, processes)]
    if not supervisor.is_running(stack):
        raise OperatorError("the stack is not up; start it with ./manage_all.sh up")
    with alone(stack):
        _stop_in_order(stack, {process.name for process in chosen})
        for process in chosen:
            supervisor.start_process(stack, process.name)
        for process in chosen:
            began = time.monotonic()
            wait_ready(stack, process, threading.Event())
            step_done(process.name, "ready again", _since(began))


def _named(name: str, processes: list[Process]) -> list[Process]:
    if name == "all":
        return processes
    exact = [process for process in processes if process.name == name]
    found = exact or [process for process in processes if process.name.startswith(f"{name}-")]
    if not found:
        known = " ".join(process.name for process in processes)
        raise OperatorError(f"there is no process {name!r}; there are: {known}")
    return found
