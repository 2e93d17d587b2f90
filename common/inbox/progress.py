"""What somebody sees who runs `consume_events` by hand; without a terminal it says nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from common.inbox.batch import BatchReport


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
