"""The verb `chaos`: long runs of the chaos part, chosen by options and handed on as variables."""

import argparse

from compose.local import chaos_mutants, chaos_options, chaos_simulation, testing
from compose.local.parts import CHAOS, Part
from compose.local.stack import Stack

DEFAULT_KILLS = 10
REPLICAS = "3"
DIRECT = frozenset({"rolling"})
"""Scenarios on a stack without the proxy."""


def run(stack: Stack, options: argparse.Namespace) -> int:
    """Run what was chosen, each scenario on a stack of its own, and return the exit code."""
    if options.mutants is not None:
        return chaos_mutants.run(stack, options.mutants)
    if options.simulate is not None:
        return chaos_simulation.run(stack, seeds=options.simulate, first=options.seed)
    names = chaos_options.scenarios() if options.scenarios else options.scenario or []
    common = {
        **dict(CHAOS),
        "REPLICAS": stack.variables.get("REPLICAS", REPLICAS),
        "CHAOS_FULL": "1",
        **_given(seed=options.seed, minutes=options.minutes),
    }
    parts = [_part(name, chaos_options.path_of(name), common) for name in names]
    if not parts:
        kills = DEFAULT_KILLS if options.kills is None else options.kills
        parts = [_part("kills", "tests/chaos/test_campaign.py", common | _given(kills=kills))]
    return testing.run_parts(stack, parts, ["-s", "-q", "--no-header", *options.passed_on])


def _part(name: str, path: str, variables: dict[str, str]) -> Part:
    """Parts with different variables do not share a stack."""
    alone = variables | {"CHAOS_RUN": name, "CHAOS_LINKS": "0" if name in DIRECT else "1"}
    return Part(name, (path,), alone=True, variables=tuple(alone.items()))


def _given(**values: float | None) -> dict[str, str]:
    return {
        f"CHAOS_{name.upper()}": str(value) for name, value in values.items() if value is not None
    }
