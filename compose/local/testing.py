"""Run the tests: independent parts side by side, on one stack that is gone afterwards."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rich.table import Table
from rich.text import Text

from compose.local import stack_for_tests, startup
from compose.local.errors import NotReady, OperatorError
from compose.local.parts import BENCHES, PARTS, Part, choose
from compose.local.stack import ROOT, Stack, stack_from
from compose.local.terminal import failure, failure_of_process, progress, results

# One more than the cores that we count on: one of them always waits, for Kafka or a process.
SIDE_BY_SIDE = 3
NO_TESTS = 5  # pytest's exit code


@dataclass(frozen=True)
class Outcome:
    """How one part went; `summary` is pytest's last line or a reason."""

    part: Part
    passed: bool
    summary: str
    seconds: float


def list_parts() -> int:
    """Print the parts and what they run."""
    for part in PARTS:
        results.print(f"{part.name:<14} {' '.join(part.paths)}")
    return 0


def bench(stack: Stack, names: list[str], passed_on: list[str]) -> int:
    """Run the benchmarks, all of them without a name, and return the exit code."""
    chosen = [replace(part, alone=True) for part in choose(names, among=BENCHES)]
    return run_parts(stack, chosen, ["-s", "-q", *passed_on])


def run(stack: Stack, names: list[str], passed_on: list[str], *, keep: bool) -> int:
    """Run the parts that this machine can, print how they went, and return the exit code."""
    chosen = choose(names)
    not_run = left_out(chosen, by_name=bool(names))
    unable = [outcome.part for outcome in not_run]
    able = [part for part in chosen if part not in unable]
    return run_parts(stack, able, passed_on, keep=keep, not_run=not_run)


def left_out(chosen: Sequence[Part], *, by_name: bool) -> list[Outcome]:
    """What this machine cannot run, and why: a failure where somebody asked for it by its name."""
    reasons = [(part, part.missing()) for part in chosen]
    return [
        Outcome(part, passed=not by_name, summary=f"not run: {reason}", seconds=0)
        for part, reason in reasons
        if reason
    ]


def run_parts(
    stack: Stack,
    chosen: list[Part],
    passed_on: list[str],
    *,
    keep: bool = False,
    not_run: Sequence[Outcome] = (),
) -> int:
    """Run parts, those that share a stack together; print how they went; the exit code."""
    outcomes: list[Outcome] = []
    with _ending_politely():
        for variables in dict.fromkeys(part.variables for part in chosen):
            parts = [part for part in chosen if part.variables == variables]
            outcomes += _run_on(stack, parts, passed_on, keep=keep, shows_at_once=len(chosen) == 1)
    outcomes += not_run
    results.print(_table(outcomes))
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _run_on(
    stack: Stack, parts: list[Part], passed_on: list[str], *, keep: bool, shows_at_once: bool
) -> list[Outcome]:
    """Run parts that share a stack on that stack, which is gone afterwards unless `keep`."""
    wanted = stack_from({**stack.variables, **dict(parts[0].variables)})
    with stack_for_tests.reserved(wanted, keep=keep) as mine:
        outcomes = Session(mine, passed_on, shows_at_once=shows_at_once).run(parts)
        if not all(outcome.passed for outcome in outcomes):
            stack_for_tests.keep_logs(mine, stack.local_dir / f"test-logs-{parts[0].name}")
    return outcomes


@contextmanager
def _ending_politely() -> Iterator[None]:
    """Let SIGTERM clean up as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass
class Session:
    """The processes of one test run."""

    stack: Stack
    passed_on: list[str]
    shows_at_once: bool
    running: list["subprocess.Popen[str]"] = field(default_factory=list)
    printing: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, parts: list[Part]) -> list[Outcome]:
        """Run them in order of need; those that disturb the stack come last, one by one."""
        variables = stack_for_tests.variables(self.stack)
        with ThreadPoolExecutor(1) as bringing, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            needed = any(part.needs_stack and part.existing() for part in parts)
            ready = bringing.submit(self._bring_up) if needed else None
            together = [part for part in parts if not part.alone]
            futures = [pool.submit(self._part, part, variables, ready) for part in together]
            try:
                outcomes = [future.result() for future in futures]
                alone = [part for part in parts if part.alone]
                return outcomes + [self._part(part, variables, ready) for part in alone]
            except BaseException:  # Ctrl-C: what runs would keep the pools waiting
                pool.shutdown(wait=False, cancel_futures=True)
                self._end()
                raise

    def _end(self) -> None:
        self.ended.set()
        for process in self.running:
            if process.poll() is None:
                process.terminate()

    def _bring_up(self) -> bool:
        try:
            startup.up(self.stack)
        except NotReady as error:
            failure_of_process(error)
        except OperatorError as error:
            failure(str(error))
        else:
            return True
        return False

    def _part(
        self, part: Part, variables: Mapping[str, str], ready: "Future[bool] | None"
    ) -> Outcome:
        if not part.existing():
            return Outcome(part, passed=True, summary="no such tests yet", seconds=0)
        if part.needs_stack and not (ready and ready.result()):
            return Outcome(part, passed=False, summary="not run: no stack", seconds=0)
        if self.ended.is_set():
            return Outcome(part, passed=False, summary="not run: interrupted", seconds=0)
        began = time.monotonic()
        code, output = self._pytest(part, variables)
        last = output.strip().splitlines()[-1].strip("= ") if output.strip() else ""
        passed = code == 0 or (code == NO_TESTS and bool(self.passed_on))
        return Outcome(part, passed, last, time.monotonic() - began)

    def _pytest(self, part: Part, variables: Mapping[str, str]) -> tuple[int, str]:
        colour = ["--color=yes"] if results.is_terminal else []
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *colour, *part.arguments(), *self.passed_on],
            cwd=ROOT,
            # Parts of one service run side by side, and each empties its tables as it likes.
            env={**variables, "TEST_DATABASE": f"test_{part.name}"},
            stdout=None if self.shows_at_once else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(process)
        output, _ = process.communicate()
        if output:
            with self.printing:
                progress.rule(part.name)
                results.print(Text.from_ansi(output), soft_wrap=True)
        return process.returncode, output or ""


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("part", "result", "", box=None, pad_edge=False)
    table.add_column("seconds", justify="right")
    for outcome in outcomes:
        result = "[green]passed[/]" if outcome.passed else "[red]failed[/]"
        summary = Text.from_ansi(outcome.summary)
        table.add_row(outcome.part.name, result, summary, f"{outcome.seconds:.1f}")
    return table
