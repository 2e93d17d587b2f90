"""The options of the verb `chaos`; nothing of the stack is imported for `--help`."""

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "chaos"
_PREFIX = "test_scenario_"


def scenarios() -> list[str]:
    """Return the names of the scenarios, each a module of its own."""
    return sorted(path.stem.removeprefix(_PREFIX) for path in FOLDER.glob(f"{_PREFIX}*.py"))


def path_of(scenario: str) -> str:
    """Return the path of a scenario's module."""
    return str(FOLDER / f"{_PREFIX}{scenario}.py")


def add(verb: Any) -> None:
    """Add the options to the verb's parser."""
    verb.add_argument("--kills", type=int, metavar="N", help="processes to kill (10)")
    verb.add_argument("--seed", type=int, metavar="S", help="of the schedule and the load")
    verb.add_argument("--minutes", type=float, metavar="M", help="begin no fault after so long")
    verb.add_argument(
        "--scenario",
        action="append",
        choices=scenarios(),
        metavar="NAME",
        help=f"instead of kills, one of: {', '.join(scenarios())}",
    )
    verb.add_argument("--scenarios", action="store_true", help="all of them, one after the other")
    verb.add_argument(
        "--simulate",
        type=int,
        metavar="N",
        help="instead of kills, N seeds of the protocol core on a fake broker, database and clock,"
        " from the one of --seed on",
    )
    verb.add_argument(
        "--mutants",
        nargs="*",
        metavar="NAME",
        help="instead of kills, plant bugs in a copy of the tree, all or those named, and fail"
        " unless a test notices each",
    )
    verb.epilog = "REPLICAS (3) is how many web processes and consumers each service has."
