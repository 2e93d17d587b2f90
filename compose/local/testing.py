"""Run the tests: independent parts side by side, on stacks that are gone afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field, replace

from rich.table import Table
from rich.text import Text

from compose.local import leftovers, stack_for_tests, startup
from compose.local.errors import NotReady, OperatorError
from compose.local.parts import BENCHES, PARTS, Part, choose
from compose.local.stack import ROOT, Stack, stack_from
from compose.local.terminal import failure, failure_of_process, progress, results

# One more than the cores that we count on: one of them always waits, for Kafka or a process.
SIDE_BY_SIDE = 3
# A part with a stack of its own waits more than it works. A stack takes about 1.5 GB.
STACKS_SIDE_BY_SIDE = 2
GIVING_WAY = ("nice", "-n", "5")
NO_TESTS = 5  # pytest's exit code
# Hundreds of people sign up in a run, and to hash a password properly takes a quarter of a second
# of the processor. Benchmarks and long chaos runs do it as production does.
PASSWORDS = (("PASSWORD_HASHERS", "tests.passwords.QuickArgon2"),)


@dataclass(frozen=True)
class Outcome:
    """
    How one part went; `summary` is pytest's last line or a reason.

    `cpu_seconds` are those of its processes, without the servers of the stack.
    """

    part: Part
    passed: bool
    summary: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def list_parts() -> int:
    """Print the parts and what they run."""
    for part in PARTS:
        results.print(f"{part.name:<14} {' '.join(part.paths)}")
    return 0


def bench(stack: Stack, names: list[str], passed_on: list[str]) -> int:
    """Run the benchmarks, those of a nameless run without a name, and return the exit code."""
    chosen = [replace(part, alone=True) for part in choose(names, among=BENCHES)]
    return run_parts(stack, chosen, ["-s", "-q", *passed_on])


def run(stack: Stack, names: list[str], passed_on: list[str], *, keep: bool) -> int:
    """Run the parts that this machine can, print how they went, and return the exit code."""
    chosen = [replace(part, variables=PASSWORDS + part.variables) for part in choose(names)]
    not_run = left_out(chosen, by_name=bool(names))
    unable = [outcome.part for outcome in not_run]
    able = [part for part in chosen if part not in unable]
    return run_parts(
        stack, able, passed_on, keep=keep, not_run=not_run, stacks_max=STACKS_SIDE_BY_SIDE
    )


def left_out(chosen: Sequence[Part], *, by_name: bool) -> list[Outcome]:
    """What this machine cannot run, and why: a failure where somebody asked for it by its name."""
    reasons = [(part, part.missing()) for part in chosen]
    return [
        Outcome(part, passed=not by_name, summary=f"not run: {reason}")
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
    stacks_max: int = 1,
) -> int:
    """
    Run parts, those that share a stack together; print how they went; the exit code.

    There are at most `stacks_max` stacks at a time.
    """

    def session(parts: list[Part]) -> Session:
        wanted = stack_from({**stack.variables, **dict(parts[0].variables)})
        return Session(wanted, parts, passed_on, keep=keep, shows_at_once=len(chosen) == 1)

    outcomes, sessions = [], []
    for groups in rounds(chosen):
        these = [session(parts) for parts in groups]
        outcomes += _run_side_by_side(these, stacks_max)
        sessions += these
    outcomes += not_run
    results.print(_table(outcomes, sessions))
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def rounds(chosen: Sequence[Part]) -> list[list[list[Part]]]:
    """What may run at the same time, by stack: first all that bears others beside it."""
    by_stack = [
        [part for part in chosen if part.variables == variables]
        for variables in dict.fromkeys(part.variables for part in chosen)
    ]
    sociable = [parts for parts in by_stack if not any(part.needs_quiet for part in parts)]
    quiet = [[parts] for parts in by_stack if parts not in sociable]
    return [sociable, *quiet] if sociable else quiet


def _run_side_by_side(sessions: "Sequence[Session]", most: int) -> list[Outcome]:
    """Run each session, in this order; when it is interrupted, its stacks go all the same."""
    with _ending_politely(), ThreadPoolExecutor(most) as pool:
        futures = [pool.submit(session.run) for session in sessions]
        try:
            return [outcome for future in futures for outcome in future.result()]
        except BaseException:  # Ctrl-C: what runs would keep the pool waiting
            pool.shutdown(wait=False, cancel_futures=True)
            for session in sessions:
                session.end()
            raise


@contextmanager
def _ending_politely() -> Iterator[None]:
    """Let SIGTERM clean up as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


_PRINTING = threading.Lock()


@dataclass
class Session:
    """
    Parts that share a stack, and their processes; `wanted` describes the stack.

    `seconds` and `cpu_seconds` are those of the stack and its servers, up to their end.
    """

    wanted: Stack
    parts: list[Part]
    passed_on: list[str]
    _: KW_ONLY
    keep: bool
    shows_at_once: bool
    running: list["subprocess.Popen[str]"] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def run(self) -> list[Outcome]:
        """Run the parts on a stack that is gone afterwards unless it is to be kept."""
        began = time.monotonic()
        with stack_for_tests.reserved(self.wanted, keep=self.keep) as mine:
            outcomes = self._run_on(mine)
            self.cpu_seconds = leftovers.cpu_seconds(leftovers.living(mine))
            self.seconds = time.monotonic() - began
            if not all(outcome.passed for outcome in outcomes):
                logs = self.wanted.local_dir / f"test-logs-{self.parts[0].name}"
                stack_for_tests.keep_logs(mine, logs)
        return outcomes

    def end(self) -> None:
        """Begin nothing more, and end what runs."""
        self.ended.set()
        for process in self.running:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)

    def _run_on(self, stack: Stack) -> list[Outcome]:
        """Run them in order of need; those that disturb the stack come last, one by one."""
        variables = stack_for_tests.variables(stack)
        with ThreadPoolExecutor(1) as bringing, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            needed = any(part.needs_stack and part.existing() for part in self.parts)
            ready = bringing.submit(self._bring_up, stack) if needed else None
            together = [part for part in self.parts if not part.alone]
            futures = [pool.submit(self._part, part, variables, ready) for part in together]
            outcomes = [future.result() for future in futures]
            alone = [part for part in self.parts if part.alone]
            return outcomes + [self._part(part, variables, ready) for part in alone]

    @staticmethod
    def _bring_up(stack: Stack) -> bool:
        try:
            startup.up(stack)
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
            return Outcome(part, passed=True, summary="no such tests yet")
        if part.needs_stack and not (ready and ready.result()):
            return Outcome(part, passed=False, summary="not run: no stack")
        if self.ended.is_set():
            return Outcome(part, passed=False, summary="not run: interrupted")
        began = time.monotonic()
        code, output, cpu_seconds = self._pytest(part, variables)
        last = output.strip().splitlines()[-1].strip("= ") if output.strip() else ""
        passed = code == 0 or (code == NO_TESTS and bool(self.passed_on))
        return Outcome(part, passed, last, time.monotonic() - began, cpu_seconds)

    def _pytest(self, part: Part, variables: Mapping[str, str]) -> tuple[int, str, float]:
        """Run pytest; its exit code, what it said, and its seconds of the processor."""
        colour = ["--color=yes"] if results.is_terminal else []
        process = subprocess.Popen(
            [
                *(GIVING_WAY if part.gives_way else ()),
                *(sys.executable, "-m", "pytest", *colour),
                *(*part.arguments(), *self.passed_on),
            ],
            cwd=ROOT,
            # Parts of one service run side by side, and each empties its tables as it likes.
            env={**variables, "TEST_DATABASE": f"test_{part.name}"},
            stdout=None if self.shows_at_once else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(process)
        output = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if output:
            with _PRINTING:
                progress.rule(part.name)
                results.print(Text.from_ansi(output), soft_wrap=True)
        return process.returncode, output, used.ru_utime + used.ru_stime


def _table(outcomes: Sequence[Outcome], sessions: Sequence[Session]) -> Table:
    table = Table("part", "result", "", box=None, pad_edge=False)
    table.add_column("seconds", justify="right")
    table.add_column("of the processor", justify="right")
    for outcome in outcomes:
        result = "[green]passed[/]" if outcome.passed else "[red]failed[/]"
        summary = Text.from_ansi(outcome.summary)
        times = (f"{outcome.seconds:.1f}", f"{outcome.cpu_seconds:.1f}")
        table.add_row(outcome.part.name, result, summary, *times)
    for session in sessions:
        times = (f"{session.seconds:.1f}", f"{session.cpu_seconds:.1f}")
        table.add_row(f"servers of {session.parts[0].name}", "", "", *times, style="dim")
    return table
