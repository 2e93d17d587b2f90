"""How much processor time groups of processes have had."""

from collections.abc import Iterable, Mapping

import psutil

Spent = dict[str, float]
"""Seconds of processor time, by the name of a group."""


def spent(groups: Mapping[str, Iterable[int]]) -> Spent:
    """Add up what these processes and all of their descendants had, the ended ones included."""
    return {name: sum(map(_of_family, pids)) for name, pids in groups.items()}


def since(before: Spent, now: Spent) -> Spent:
    """What was spent between two moments."""
    return {name: seconds - before.get(name, 0.0) for name, seconds in now.items()}


def _of_family(pid: int) -> float:
    parent = psutil.Process(pid)
    total = 0.0
    for process in [parent, *parent.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # a backend that ended; its parent has its time by now
        total += times.user + times.system + times.children_user + times.children_system
    return total
