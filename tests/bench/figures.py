"""How a benchmark says what it measured: every figure with its minimum, median and maximum."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table


def show(title: str, unit: str, runs: Mapping[str, Sequence[float]], *, decimals: int = 0) -> None:
    """Print a table of measured figures; the first row is what the others are compared with."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(unit)
    for column in ("min", "median", "max", "of the first"):
        table.add_column(column, justify="right")
    first = median(next(iter(runs.values())))
    for name, rates in runs.items():
        middle = median(rates)
        figures = (min(rates), middle, max(rates))
        texts = (f"{figure:,.{decimals}f}" for figure in figures)
        table.add_row(name, *texts, f"{middle / first:.2f}" if first else "")
    Console(width=100).print(table)


def percentile(took: Sequence[float], which: int) -> float:
    """What so many of a hundred answers took at most."""
    return quantiles(took, n=100)[which - 1]


def show_latencies(title: str, runs: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Print p50, p99 and the worst of each repeat, in milliseconds."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("milliseconds")
    for column in ("repeat", "p50", "p99", "max"):
        table.add_column(column, justify="right")
    for name, repeats in runs.items():
        for number, took in enumerate(repeats, start=1):
            figures = (percentile(took, 50), percentile(took, 99), max(took))
            table.add_row(name, str(number), *(f"{figure:,.1f}" for figure in figures))
    Console(width=100).print(table)
