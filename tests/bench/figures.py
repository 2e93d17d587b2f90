"""How a benchmark says what it measured: every figure with its minimum, median and maximum."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table


def show(title: str, unit: str, runs: Mapping[str, Sequence[float]]) -> None:
    """Print a table of measured rates; the first row is what the others are compared with."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(unit)
    for column in ("min", "median", "max", "of the first"):
        table.add_column(column, justify="right")
    first = median(next(iter(runs.values())))
    for name, rates in runs.items():
        middle = median(rates)
        figures = (min(rates), middle, max(rates))
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures), f"{middle / first:.2f}")
    Console(width=100).print(table)


def show_latencies(title: str, runs: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Print p50, p99 and the worst of each repeat, in milliseconds."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("milliseconds")
    for column in ("repeat", "p50", "p99", "max"):
        table.add_column(column, justify="right")
    for name, repeats in runs.items():
        for number, took in enumerate(repeats, start=1):
            cuts = quantiles(took, n=100)
            figures = (cuts[49], cuts[98], max(took))
            table.add_row(name, str(number), *(f"{figure:,.1f}" for figure in figures))
    Console(width=100).print(table)
