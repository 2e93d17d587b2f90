"""One copy of the tree, in which one planted bug after the other is tried."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from compose.local.parts import PARTS, Part
from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 600
"""Simulated per bug; the first that fails ends it."""

TEST_S = 60
MUTANT_S = 240
UNHARMED_S = 1200
_FAILED_TESTS = 1  # pytest's exit code


@dataclass(frozen=True)
class Verdict:
    """What became of one bug; `by` is who noticed it, or why nothing can be said."""

    name: str
    caught: bool
    by: str
    seconds: float


class Broken(Exception):
    """The tests cannot say anything: they fail without a bug, or do not run with it."""


def part_of(test: str) -> Part:
    """The part of the test run that a test belongs to, which knows its settings."""
    return next(part for part in PARTS if any(test.startswith(path) for path in part.paths))


def needs_stack(mutant: Mutant) -> bool:
    """Whether one of its tests needs the database or Kafka."""
    return any(part_of(test).needs_stack for test in mutant.tests)


class Lane:
    """A copy of the tree in `folder`; the checkout is never changed."""

    def __init__(self, folder: Path, *, seeds: int = SEEDS) -> None:
        self._tree = folder
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTHONPYCACHEPREFIX": f"{folder}-bytecode",
            "SIMULATE": str(seeds),
        }
        shutil.rmtree(folder, ignore_errors=True)
        for name in _files():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)

    def check_unharmed(self, tests: list[str]) -> None:
        """
        See that the tests pass in the copy as it is, and that they test the copy.

        Raises `Broken`.
        """
        code = "import common; print(common.__file__)"
        found = self._run([sys.executable, "-c", code]).stdout.strip()
        if not found.startswith(str(self._tree)):
            raise Broken(f"the tests would test {found}")
        for part in dict.fromkeys(part_of(test) for test in tests):
            mine = [test for test in tests if part_of(test) is part]
            result = self._pytest(part, mine, "--create-db", timeout=UNHARMED_S)
            if result.returncode:
                raise Broken(f"without a bug:\n{result.stdout}")

    def try_mutant(self, mutant: Mutant) -> Verdict:
        """Plant a bug, run its tests until one notices, and take it out again."""
        began = time.monotonic()
        file = self._tree / mutant.file
        whole = file.read_text()
        file.write_text(mutant.text(self._tree))
        try:
            caught, by = self._hunt(mutant)
        finally:
            file.write_text(whole)
        return Verdict(mutant.name, caught, by, time.monotonic() - began)

    def _hunt(self, mutant: Mutant) -> tuple[bool, str]:
        for test in mutant.tests:
            try:
                result = self._pytest(part_of(test), [test])
            except subprocess.TimeoutExpired:
                return True, f"{test} does not end"
            if result.returncode == _FAILED_TESTS:
                return True, _who(result.stdout)
            if result.returncode:
                raise Broken(f"{mutant.name}: {result.stdout}{result.stderr}")
        return False, ""

    def _pytest(
        self, part: Part, tests: list[str], *more: str, timeout: float = MUTANT_S
    ) -> "subprocess.CompletedProcess[str]":
        settings = [f"--ds={part.settings}", "--reuse-db"] if part.settings else ["-p", "no:django"]
        more = more if part.settings and part.needs_stack else ()
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_S}", "--tb=short"]
        command = [sys.executable, "-m", "pytest", *options, *settings, *more, *tests]
        return self._run(command, timeout=timeout)

    def _run(
        self, command: list[str], *, timeout: float = MUTANT_S
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self._tree,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def _files() -> list[str]:
    """Everything that belongs to the tree; ignored files do not."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],  # noqa: S607  git of the path
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _who(output: str) -> str:
    """The test that noticed; for a simulation, the seed and the promise."""
    seed = re.search(r"^E?\s*(seed \d+: .{0,160})", output, re.MULTILINE)
    if seed:
        return f"simulation {seed[1]}"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    return failed[1].split("/")[-1] if failed else output[-300:]
