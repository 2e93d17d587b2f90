"""The jars of Apache Kafka: fetched once, and only what `kafka-jars.txt` names byte for byte."""

import hashlib
import re
import shutil
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import truststore

from compose.local.errors import OperatorError
from compose.local.locks import locked

LIST = Path(__file__).with_name("kafka-jars.txt")
PARALLEL = 8
FETCH_WAIT_S = 600


@dataclass(frozen=True)
class Jar:
    """One line of the list: a Maven coordinate and the digest of its file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Return the name Maven gives the file."""
        return f"{self.artifact}-{self.version}.jar"


def parse(text: str) -> list[Jar]:
    """Read lines of the form `group:artifact:version sha256:<digest>`; `#` starts a comment."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [Jar(*re.split(r":| sha256:", line)) for line in lines]


def folder() -> Path:
    """Return where the jars of this list are kept: beside the packages, shared by all stacks."""
    digest = hashlib.sha256(LIST.read_bytes()).hexdigest()[:12]
    return Path(sys.prefix) / "share" / f"kafka-{digest}"


def ensure(fetched: Callable[[int, int], None]) -> bool:
    """
    Fetch the jars unless they are there, calling `fetched(done, total)`; returns whether it did.

    Raises:
        OperatorError: a jar could not be fetched, or is not the one the list names.
    """
    target = folder()
    if target.exists():
        return False
    draft = target.with_suffix(".new")
    draft.mkdir(parents=True, exist_ok=True)
    with locked(
        target.with_suffix(".lock"), wait_s=FETCH_WAIT_S
    ):  # another stack of this clone may fetch them too
        if not target.exists():
            _fetch_all(draft, fetched)
            draft.rename(target)
    return True


def _fetch_all(draft: Path, fetched: Callable[[int, int], None]) -> None:
    jars = parse(LIST.read_text())
    with ThreadPoolExecutor(PARALLEL) as pool:
        for done, _ in enumerate(pool.map(lambda jar: _fetch(jar, draft), jars), start=1):
            fetched(done, len(jars))
    shutil.rmtree(draft / "maven", ignore_errors=True)


def _fetch(jar: Jar, target: Path) -> None:
    kept = target / jar.file_name
    if kept.exists():
        return
    try:
        component = _maven(target).project(jar.group, jar.artifact).at_version(jar.version)
        found: Path = component.artifact().resolve()
    except Exception as error:
        raise OperatorError(f"{jar.file_name} could not be fetched: {error}") from error
    verify(found, jar.sha256)
    found.rename(kept)


def _maven(target: Path) -> Any:
    # As pip does: the machine's own certificates count, such as those of a company's proxy.
    truststore.inject_into_ssl()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder it looks for and does not use
        from jgo.maven import MavenContext  # noqa: PLC0415  half a second, needed once

        return MavenContext(repo_cache=target / "maven", timeout=60)


def verify(file: Path, sha256: str) -> None:
    """
    Check a fetched file; jgo itself accepts a wrong checksum silently.

    Raises:
        OperatorError: the digest differs; the file is deleted.
    """
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        file.unlink()
        raise OperatorError(
            f"{file.name} has SHA-256 {found}, but {LIST.name} says {sha256}. It was deleted; "
            "try again, and if it stays so, do not trust where it came from."
        )
