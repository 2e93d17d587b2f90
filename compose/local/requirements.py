"""The pinned requirements: compiled by uv, each set consistent with those before it."""

import os
import subprocess
import sys
import time
from pathlib import Path

from compose.local.errors import OperatorError
from compose.local.stack import ROOT
from compose.local.terminal import step_done

FOLDER = ROOT / "requirements"
# Later sets name earlier ones as constraints (-c), so this order is the order of compilation.
SETS = (
    *("base", "local", "java", "test", "dev"),
    *("load", "otel", "compose", "browser"),
)
OPTIONS = (
    *("--quiet", "--generate-hashes", "--universal", "--python-version", "3.11"),
    *("--no-emit-index-url", "--no-emit-find-links"),
    *("--custom-compile-command", "./manage_all.sh requirements"),
)


def compile_all(more: list[str]) -> None:
    """
    Compile every set, keeping pinned versions that still fit; `more` goes to uv.

    Raises:
        OperatorError: uv found no solution; the message carries what it said.
    """
    for name in SETS:
        began = time.monotonic()
        _compile(name, more)
        step_done(f"{name}.txt", "compiled", time.monotonic() - began)


def _compile(name: str, more: list[str]) -> None:
    uv = Path(sys.prefix) / "bin" / "uv"
    files = ["-o", f"{FOLDER.name}/{name}.txt", f"{FOLDER.name}/{name}.in"]
    result = subprocess.run(
        [uv, "pip", "compile", *OPTIONS, *more, *files],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise OperatorError(f"requirements/{name}.in could not be compiled:\n{result.stderr}")
