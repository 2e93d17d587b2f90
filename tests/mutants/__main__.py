"""Plant bugs and say who noticed: `./manage_all.sh chaos --mutants [NAME…]`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.mutants.lane import Broken, Lane, Verdict, needs_stack
from tests.mutants.mutant import Mutant, Stale
from tests.mutants.table import MUTANTS

console = Console(width=None if sys.stdout.isatty() else 180)


def main() -> int:
    options = _options()
    chosen = [mutant for mutant in MUTANTS if not options.names or mutant.name in options.names]
    if unknown := set(options.names) - {mutant.name for mutant in chosen}:
        print(f"there is no mutant {sorted(unknown)[0]!r}")
        return 2
    folder = Path(os.environ["LOCAL_DIR"]) / "mutants"
    began = time.monotonic()
    try:
        _check_table(chosen)
        verdicts = _try_all(chosen, folder)
    except (Broken, Stale) as error:
        print(error)
        return 2
    console.print(_table(chosen, verdicts))
    caught = sum(verdict.caught for verdict in verdicts)
    print(f"{caught} of {len(chosen)} caught in {time.monotonic() - began:.0f} s")
    return 0 if caught == len(chosen) else 1


def _check_table(chosen: Sequence[Mutant]) -> None:
    for mutant in chosen:
        mutant.text(Path.cwd())


def _try_all(chosen: Sequence[Mutant], folder: Path) -> list[Verdict]:
    """Those that need the stack share its databases, so they go one after the other."""
    lanes = {
        "stack": [mutant for mutant in chosen if needs_stack(mutant)],
        "alone": [mutant for mutant in chosen if not needs_stack(mutant)],
    }
    with ThreadPoolExecutor(len(lanes)) as pool:
        running = [
            pool.submit(_run_lane, folder / name, mutants)
            for name, mutants in lanes.items()
            if mutants
        ]
        return [verdict for lane in as_completed(running) for verdict in lane.result()]


def _run_lane(folder: Path, mutants: Sequence[Mutant]) -> list[Verdict]:
    lane = Lane(folder)
    lane.check_unharmed(sorted({test for mutant in mutants for test in mutant.tests}))
    verdicts = []
    for mutant in mutants:
        verdict = lane.try_mutant(mutant)
        word = "caught by" if verdict.caught else "SURVIVED"
        print(f"{verdict.seconds:6.1f} s  {mutant.name}: {word} {verdict.by}", flush=True)
        verdicts.append(verdict)
    return verdicts


def _table(chosen: Sequence[Mutant], verdicts: Sequence[Verdict]) -> Table:
    by_name = {verdict.name: verdict for verdict in verdicts}
    table = Table("mutant", "what it does", "result", "by", "seconds", box=None, pad_edge=False)
    for mutant in chosen:
        verdict = by_name[mutant.name]
        result = "[green]caught[/]" if verdict.caught else "[red]survived[/]"
        table.add_row(mutant.name, mutant.what, result, verdict.by, f"{verdict.seconds:.0f}")
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them without a name")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
