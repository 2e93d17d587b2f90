"""The verb `fuzz`: the fuzzing part with many cases, handed on as variables."""

from compose.local import testing
from compose.local.parts import Part
from compose.local.stack import SERVICES, Stack


def run(stack: Stack, service: str | None, cases: int, passed_on: list[str]) -> int:
    """Fuzz one service or both, each with so many cases, and return the exit code."""
    variables = {"FUZZ_CASES": str(cases)} | ({"FUZZ_SERVICE": service} if service else {})
    name = f"fuzz-{service or '-'.join(SERVICES)}"
    part = Part(name, ("tests/fuzz",), alone=True, variables=tuple(variables.items()))
    return testing.run_parts(stack, [part], ["-s", "-q", "--no-header", *passed_on])
