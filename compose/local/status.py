"""How the stack is: processes, readiness, and what waits on the road."""

import json
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rich.table import Table

from compose.local import manage, supervisor
from compose.local.errors import OperatorError
from compose.local.processes import Process, processes_of
from compose.local.stack import SERVICES, Stack
from compose.local.supervisor import Seen
from compose.local.terminal import results


def collect(stack: Stack, *, fast: bool = False) -> dict[str, Any]:
    """
    Ask everything at once and return the document of `status --json`.

    `healthy` is about processes and backlogs that cannot be read; dead letters alone are for
    staff, not for whoever runs the machine. Figures nobody could give are None, as all are with
    `fast`, which leaves out the two commands that cost a second each.
    """
    processes, known = processes_of(stack), supervisor.seen(stack)
    asked = SERVICES if known and not fast else ()
    with ThreadPoolExecutor() as pool:
        backlogs = pool.map(lambda service: _backlog(stack, service), asked)
        rows = list(pool.map(lambda process: _row(process, known), processes))
        found = dict(zip(asked, backlogs, strict=True))
    backlog = {service: found.get(service, {}) for service in SERVICES}
    return {
        "healthy": all(row["ready"] for row in rows) and all(found.values()),
        "processes": rows,
        "outbox": {service: found.get("outbox") for service, found in backlog.items()},
        "lag": {service: found.get("lag") for service, found in backlog.items()},
        "dead_letters": {service: found.get("dead_letters") for service, found in backlog.items()},
    }


def _row(process: Process, known: Mapping[str, Seen]) -> dict[str, Any]:
    found = known.get(process.name, supervisor.NEVER)
    runs = found.state == "RUNNING"
    return {
        "name": process.name,
        "pid": found.pid or None,
        "port": process.port,
        "state": found.state.lower() if process.own else "outside",
        "ready": (runs or not process.own) and process.is_ready(),
        "uptime_s": found.uptime_s if runs else None,
    }


def _backlog(stack: Stack, service: str) -> dict[str, Any]:
    """Ask the service itself; an empty answer means that it cannot tell."""
    try:
        answer: dict[str, Any] = json.loads(manage.run(stack, service, "report_backlog", "--json"))
    except (OperatorError, ValueError, subprocess.TimeoutExpired):
        return {}
    return answer


def show(stack: Stack, *, as_json: bool, fast: bool) -> bool:
    """Print the status; returns whether the stack is healthy."""
    found = collect(stack, fast=fast)
    if as_json:
        print(json.dumps(found))
    else:
        results.print(_process_table(found))
        if not fast:
            results.print()
            results.print(_road_table(found))
    return bool(found["healthy"])


def _process_table(found: Mapping[str, Any]) -> Table:
    table = Table("process", "state", "ready", box=None, pad_edge=False)
    for column in ("pid", "port", "up"):
        table.add_column(column, justify="right")
    for row in found["processes"]:
        ready = "[green]yes[/]" if row["ready"] else "[red]no[/]"
        pid, port = (str(row[name] or "") for name in ("pid", "port"))
        table.add_row(row["name"], row["state"], ready, pid, port, _duration(row["uptime_s"]))
    return table


def _road_table(found: Mapping[str, Any]) -> Table:
    table = Table("service", box=None, pad_edge=False)
    for column in ("outbox pending", "oldest", "parked", "consumer lag", "dead letters"):
        table.add_column(column, justify="right")
    for service in SERVICES:
        outbox = found["outbox"][service] or {}
        figures = [outbox.get("pending"), outbox.get("parked")]
        figures += [found["lag"][service], found["dead_letters"][service]]
        pending, *rest = ("?" if figure is None else str(figure) for figure in figures)
        age = outbox.get("oldest_age_s")
        table.add_row(service, pending, "" if age is None else f"{age:.1f} s", *rest)
    return table


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
