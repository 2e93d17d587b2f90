"""How a benchmark says what it measured: every figure with its minimum, median and maximum."""

from collections.abc import Mapping, Sequence
from statistics import median

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
