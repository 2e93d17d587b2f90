"""The verb `chaos`: long runs of the chaos part, chosen by options and handed on as variables."""

import argparse

from compose.local import chaos_options, testing
from compose.local.parts import CHAOS, Part
from compose.local.stack import Stack

DEFAULT_KILLS = 10
REPLICAS = "3"


def run(stack: Stack, options: argparse.Namespace) -> int:
    """Run what was chosen on a stack of its own, and return the exit code."""
    names = chaos_options.scenarios() if options.scenarios else options.scenario or []
    paths = [chaos_options.path_of(name) for name in names] or ["tests/chaos/test_campaign.py"]
    variables = {
        **dict(CHAOS),
        "REPLICAS": stack.variables.get("REPLICAS", REPLICAS),
        "CHAOS_FULL": "1",
        **_given(options, campaign=not names),
    }
    part = Part("chaos", tuple(paths), alone=True, variables=tuple(variables.items()))
    return testing.run_parts(stack, [part], ["-s", "-q", "--no-header", *options.passed_on])


def _given(options: argparse.Namespace, *, campaign: bool) -> dict[str, str]:
    values = {"CHAOS_SEED": options.seed, "CHAOS_MINUTES": options.minutes}
    if campaign:
        values["CHAOS_KILLS"] = DEFAULT_KILLS if options.kills is None else options.kills
    return {name: str(value) for name, value in values.items() if value is not None}
