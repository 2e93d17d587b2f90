"""
Refuse a change of what was published: today's contracts against the last committed schemas.

`python -m common.events.gate` compares the contracts with the schemas in HEAD, in its first
parent, where this branch left the main one, and in the tag before; without any of these (an
exported tree, no git) with the schemas that lie in docs/events. It ends with 1 when a published
version is no longer what it was.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from common.events.compatibility import incompatibilities
from common.events.json_schema import event_schemas
from common.events.schemas import DOCUMENTS, ROOT, VERSIONS

Schemas = Mapping[str, Mapping[str, Any]]

_MAIN_BRANCHES = ("origin/HEAD", "origin/main", "main")


class Baseline(NamedTuple):
    """Schemas that were published once, by event type, and where they were found."""

    name: str
    schemas: Schemas


def refusals(baseline: Baseline, today: Schemas) -> list[str]:
    """Say what of a baseline is no longer so today; versions that are new are free."""
    lines = []
    for event_type, old in sorted(baseline.schemas.items()):
        if (new := today.get(event_type)) is None:
            lines.append(
                f"{event_type}: the version was removed; its events stay in the topics, so keep"
                " its contract and its handler"
            )
        else:
            lines += [f"{event_type}: {line}" for line in incompatibilities(old, new)]
    return lines


def baselines_find(root: Path = ROOT) -> list[Baseline]:
    """Find what to compare with: commits that hold schemas, else the files as they lie there."""
    commits: dict[str, str] = {}
    for name, commit in _commits(root):
        commits.setdefault(commit, name)
    found = [
        Baseline(f"{name} ({commit[:10]})", schemas)
        for commit, name in commits.items()
        if (schemas := _schemas_in(root, commit))
    ]
    return found or [Baseline(str(DOCUMENTS), _schemas_on_disk(root))]


def _commits(root: Path) -> Iterator[tuple[str, str]]:
    """The commits worth comparing with, by a name for people."""
    for revision in ("HEAD", "HEAD^"):
        yield from _named(revision, _git(root, "rev-parse", "--verify", f"{revision}^{{commit}}"))
    for branch in _MAIN_BRANCHES:
        yield from _named(f"merge base with {branch}", _git(root, "merge-base", "HEAD", branch))
    for tag in (_git(root, "describe", "--tags", "--abbrev=0", "HEAD^") or "").split():
        yield from _named(tag, _git(root, "rev-parse", "--verify", f"{tag}^{{commit}}"))


def _named(name: str, commit: str | None) -> Iterator[tuple[str, str]]:
    if commit:
        yield name, commit.strip()


def _schemas_in(root: Path, commit: str) -> Schemas:
    listed = _git(root, "ls-tree", "--name-only", commit, f"{DOCUMENTS.as_posix()}/") or ""
    paths = [path for path in map(PurePosixPath, listed.splitlines()) if path.match(VERSIONS)]
    return {path.stem: json.loads(_git(root, "show", f"{commit}:./{path}") or "") for path in paths}


def _schemas_on_disk(root: Path) -> Schemas:
    files = (root / DOCUMENTS).glob(VERSIONS)
    return {file.stem: json.loads(file.read_bytes()) for file in files}


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, None when there is no git, no repository or no such thing in it."""
    if (program := shutil.which("git")) is None:
        return None
    done = subprocess.run(  # noqa: S603  fixed words, and names that git itself gave
        [program, "-C", str(root), *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
    )
    return done.stdout.decode() if done.returncode == 0 else None


def main() -> int:
    """Compare, say with what and what is wrong, and return the exit code."""
    baselines, today = baselines_find(), event_schemas()
    lines = {line: None for baseline in baselines for line in refusals(baseline, today)}
    names = ", ".join(baseline.name for baseline in baselines)
    sys.stdout.write(f"{len(today)} event versions compared with {names}\n")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
