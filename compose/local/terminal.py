"""How results are shown: coloured on a terminal, plain elsewhere and with NO_COLOR."""

from rich.console import Console
from rich.text import Text

from compose.local.errors import NotReady

FILE_WIDTH = 160


def _console(*, stderr: bool) -> Console:
    """Make a console; what goes to a file is not folded at a terminal's width."""
    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=FILE_WIDTH)


# Progress goes to standard error, results to standard output; --quiet silences the first.
progress = _console(stderr=True)
results = _console(stderr=False)
_failures = _console(stderr=True)


def be_quiet() -> None:
    """Show results and errors only."""
    progress.quiet = True


def step_done(name: str, what: str, seconds: float) -> None:
    """Report one finished step of a longer verb."""
    progress.print(f"[green]✓[/] {name:<22} {what:<24} [dim]{seconds:5.1f} s[/]")


def failure(message: str) -> None:
    """Report what went wrong and what to do about it; never silenced."""
    _failures.print(Text.assemble(("✗ ", "bold red"), message), soft_wrap=True)


def failure_of_process(error: NotReady) -> None:
    """Report a process that did not become ready, with the end of its log."""
    failure(str(error))
    if error.log_tail:
        _failures.print(Text(error.log_tail.rstrip(), style="dim"), soft_wrap=True)
    _failures.print(f"  more: ./manage_all.sh logs {error.name}")
