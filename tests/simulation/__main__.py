"""Run many seeds and say how it went: `./manage_all.sh chaos --simulate N [--seed FIRST]`."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

import django
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.chunks import run_chunk, run_shuffled

CHUNK = 50
AHEAD = 16
"""Chunks that are handed to the workers before the first is done."""


def main() -> int:
    options = _options()
    began = time.monotonic()
    context = get_context("spawn")
    with ProcessPoolExecutor(options.workers, context, initializer=django.setup) as pool:
        totals, story = _simulate(pool, options)
        seconds = time.monotonic() - began
        same, shuffled = pool.submit(run_shuffled, options.shuffled).result()
    print(story or shuffled)
    _report(totals, seconds, options)
    return 0 if same and not story else 1


def _simulate(pool: ProcessPoolExecutor, options: argparse.Namespace) -> tuple[Counter[str], str]:
    """Run all seeds; what they did, and the story of the first that failed, which ends it."""
    end = options.first + options.seeds
    chunks = [range(n, min(n + CHUNK, end)) for n in range(options.first, end, CHUNK)]
    totals: Counter[str] = Counter()
    for counted, story in _progress(_in_turn(pool, chunks), options.seeds):
        totals.update(counted)
        if story:
            return totals, story
    return totals, ""


def _in_turn(pool: ProcessPoolExecutor, chunks: list[range]) -> Iterator[tuple[Counter[str], str]]:
    """Keep the workers busy without queueing everything: a failure ends the run soon."""
    waiting = iter(chunks)
    running = [pool.submit(run_chunk, chunk) for chunk in islice(waiting, AHEAD)]
    while running:
        yield running.pop(0).result()
        running += [pool.submit(run_chunk, chunk) for chunk in islice(waiting, 1)]


def _progress(
    results: Iterator[tuple[Counter[str], str]], total: int
) -> Iterator[tuple[Counter[str], str]]:
    columns = (
        TextColumn("seeds"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    quiet = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("", total=total)
        for result in results:
            progress.update(task, advance=result[0]["seeds"])
            yield result


def _report(totals: Counter[str], seconds: float, options: argparse.Namespace) -> None:
    last = options.first + totals["seeds"] - 1
    print(
        f"{totals['seeds']:,} seeds ({options.first} to {last}),"
        f" {totals['seeds'] - totals['failed']:,} passed, {totals['failed']} failed;"
        f" {totals['steps']:,} steps, {totals['events']:,} events took effect;"
        f" {seconds:.0f} s with {options.workers} workers,"
        f" {totals['seeds'] / seconds * 60:,.0f} seeds a minute"
    )
    for kind, count in sorted(totals.items()):
        if kind.startswith("with "):
            print(f"  {count:>7,} {kind}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--shuffled", type=int, default=1_000_000, help="deliveries")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
