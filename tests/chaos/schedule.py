"""Which fault comes when: a plan made from a seed alone, so that it can be made again."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SHORT_S = 1.0
BEYOND_SESSION_S = 8.0  # the session timeout of consumers is 6 s
LINK_S = 2.0
KILLS_PER_OTHER = 2


@dataclass(frozen=True)
class Planned:
    """`kind` is done to `target`; `amount` is the proxy's, `seconds` how long it lasts."""

    kind: str
    target: str
    seconds: float = 0.0
    amount: float = 0.0

    def __str__(self) -> str:
        lasting = f" for {self.seconds:g} s" if self.seconds else ""
        size = f" {self.amount:g}" if self.amount else ""
        return f"{self.kind}{size} {self.target}{lasting}"


def plan(*, seed: int, kills: int, processes: Sequence[str], links: Sequence[str]) -> list[Planned]:
    """
    Plan so many kills, and another kind of fault after every second one.

    Every process is killed before one is killed again; likewise every other fault.
    """
    chance = random.Random(seed)  # noqa: S311  a seed, not a secret
    killing = _in_turns(chance, [Planned("kill", name) for name in processes])
    others = _in_turns(chance, [*_milder(processes), *_disturbances(links)])
    planned = []
    for number in range(1, kills + 1):
        planned.append(next(killing))
        if number % KILLS_PER_OTHER == 0:
            planned.append(next(others))
    return planned


def _in_turns(chance: random.Random, faults: Sequence[Planned]) -> Iterator[Planned]:
    while faults:
        yield from chance.sample(faults, len(faults))


def _milder(processes: Sequence[str]) -> list[Planned]:
    stores = [name for name in processes if name == "kafka" or name.startswith("postgres")]
    databases = [name for name in stores if name != "kafka"]
    consumers = [name for name in processes if "-consumer" in name]
    return [
        *(Planned("pause", name, seconds=SHORT_S) for name in processes),
        *(Planned("pause", name, seconds=BEYOND_SESSION_S) for name in [*consumers, *stores]),
        *(Planned("restart", name) for name in stores),
        *(Planned("kill backend", name) for name in databases),
        *(Planned("kill worker", name) for name in processes if "-web" in name),
    ]


def _disturbances(links: Sequence[str]) -> list[Planned]:
    found = []
    for link in links:
        target = f"link {link}"
        found += [
            Planned("reset", target),
            Planned("drop", target, seconds=LINK_S),
            Planned("blackhole", target, seconds=LINK_S),
            Planned("half_open", target, seconds=LINK_S),
            Planned("delay", target, seconds=LINK_S, amount=0.05),
            Planned("throttle", target, seconds=LINK_S, amount=20_000),
        ]
        if link.startswith("kafka"):
            found.append(Planned("corrupt", target, seconds=LINK_S, amount=4))
            found.append(Planned("blackhole", target, seconds=BEYOND_SESSION_S))
    return found
