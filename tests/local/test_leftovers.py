import os
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from compose.local import leftovers

STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
)
WILLING = "print(flush=True); input()"


@pytest.fixture
def start():
    """Start a Python program that carries a stack's mark; returns once it runs."""
    started = []

    def begin(program, mark):
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, leftovers.MARKER: str(mark)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        process.stdout.readline()
        return psutil.Process(process.pid)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


class TestLiving:
    def test_finds_what_carries_the_stacks_mark(self, imagined, start):
        process = start(WILLING, imagined.local_dir)

        assert leftovers.living(imagined) == [process]

    def test_leaves_other_stacks_alone(self, imagined, start):
        start(WILLING, imagined.local_dir)

        assert leftovers.living(replace(imagined, local_dir=imagined.local_dir / "other")) == []

    def test_a_recorded_pid_of_somebody_else_is_not_ours(self, imagined):
        assert not leftovers.belongs(psutil.Process(os.getpid()), imagined)


class TestCpuSeconds:
    @pytest.mark.parametrize("worker", ["itself", "a child that lives", "a child that has ended"])
    def test_are_of_all_that_was_started(self, imagined, start, worker):
        work = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
        if worker != "itself":
            ending = "input='', capture_output=True" if "ended" in worker else "env={}"
            child = f"[sys.executable, '-c', {work!r}], {ending}"
            work = f"import subprocess, sys\nsubprocess.run({child})\nprint(flush=True)\ninput()"
        process = start(work, imagined.local_dir)

        assert leftovers.cpu_seconds([process]) >= 0.4


class TestStop:
    @pytest.mark.parametrize("program", [WILLING, STUBBORN])
    def test_ends_the_willing_and_the_stubborn(self, imagined, start, monkeypatch, program):
        monkeypatch.setattr(leftovers, "TERMINATE_WAIT_S", 0.3)
        process = start(program, imagined.local_dir)

        leftovers.stop([process])

        assert leftovers.living(imagined) == []

    def test_is_content_with_one_that_has_ended_meanwhile(self, imagined, start):
        process = start(WILLING, imagined.local_dir)
        process.kill()
        process.wait(5)

        leftovers.stop([process])
