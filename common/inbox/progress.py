"""What somebody sees who runs a command by hand; without a terminal, no progress is shown."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from common.inbox.batch import BatchReport
from common.inbox.resolving import Resolution


class RateColumn(ProgressColumn):
    """Events a second, over the last moments."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


@contextmanager
def consume_progress() -> Iterator[Callable[[BatchReport], None]]:
    """Show applied events, their rate and what was set aside; yields what to call per batch."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,} events"),
        RateColumn(),
        TextColumn("{task.description}"),
    )
    quiet = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("", total=None)

        def on_batch(report: BatchReport) -> None:
            aside = f"{report.duplicates} duplicates, {report.waiting} waiting, {report.dead} dead"
            progress.update(task, advance=report.applied, description=aside)

        yield on_batch


@contextmanager
def resolve_progress(total: int) -> Iterator[Callable[[Resolution], None]]:
    """Show how many of `total` dead letters were tried; yields what to call for each."""
    quiet = not sys.stderr.isatty()
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("dead letters", total=total)
        yield lambda _: progress.advance(task)


def table_print(
    stream: OutputWrapper, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Print rows below each other, every column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        stream.write("  ".join(cells).rstrip())
