"""Makes a planned fault happen, and says how long the system took to get over it."""

import random
import threading
import time
from dataclasses import dataclass

from tests.chaos import killing, links
from tests.chaos.people import Person, settled_after
from tests.chaos.schedule import Planned


@dataclass(frozen=True)
class Struck:
    """
    A fault that was. `ready_s`: until the process was ready again, None if none was hurt;
    `settled_s`: from the end of the fault until a new payment was accepted and settled.
    """

    planned: Planned
    at_s: float
    ready_s: float | None
    settled_s: float


def strike(
    planned: Planned, *, people: list[Person], chance: random.Random, began: float
) -> Struck:
    """Do it, undo it, and wait until money moves again."""
    at_s = time.monotonic() - began
    ready_s = None
    if planned.target.startswith("link "):
        _disturb(planned)
    else:
        ready_s = _hurt(planned, chance)
    settled_s = settled_after(*chance.sample(people, 2))
    return Struck(planned, at_s=at_s, ready_s=ready_s, settled_s=settled_s)


def _disturb(planned: Planned) -> None:
    link = planned.target.removeprefix("link ")
    if planned.kind == "reset":
        links.disturb(link, "reset")
        return
    with links.disturbed(link, planned.kind, planned.amount):
        threading.Event().wait(planned.seconds)


def _hurt(planned: Planned, chance: random.Random) -> float:
    name, before = planned.target, 0
    if planned.kind == "kill":
        before = killing.pid_of(name)
        killing.kill(name)
    elif planned.kind in {"kill worker", "kill backend"}:
        killing.kill_child(name, chance=chance)
    elif planned.kind == "restart":
        killing.restart(name)
    else:
        killing.pause(name, planned.seconds)
    return killing.wait_until_back(name, not_pid=before)
