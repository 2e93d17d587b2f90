"""
Whether requirements/*.txt are what *.in ask for, without a network.

Every requirement of an `.in` file must be pinned, within its bounds, in the `.txt` beside it; and
no package may be pinned to two versions, since sets are installed together. That every pin has its
hashes is what pip and uv insist on themselves.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from compose.local.requirements import FOLDER, SETS

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)")


def asked_for(name: str) -> list[Requirement]:
    """Return what an `.in` file asks for."""
    lines = (line.partition(" #")[0].strip() for line in _lines(FOLDER / f"{name}.in"))
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def pinned(name: str) -> dict[str, str]:
    """Return the pinned versions of a `.txt` file."""
    matches = (PIN.match(line) for line in _lines(FOLDER / f"{name}.txt"))
    return {canonicalize_name(each["name"]): each["version"] for each in matches if each}


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def complaints() -> Iterator[str]:
    """Find everything that does not fit."""
    seen: dict[str, tuple[str, str]] = {}
    for name in SETS:
        pins = pinned(name)
        for requirement in asked_for(name):
            yield from _complaints_about(requirement, name, pins)
        for package, version in pins.items():
            first, where = seen.setdefault(package, (version, name))
            if first != version:
                yield f"{package} is {first} in {where}.txt, but {version} in {name}.txt"
    yield from _unknown_files()


def _complaints_about(requirement: Requirement, name: str, pins: dict[str, str]) -> Iterator[str]:
    version = pins.get(canonicalize_name(requirement.name))
    if version is None:
        yield f"{name}.in asks for {requirement.name}, which {name}.txt does not pin"
    elif not requirement.specifier.contains(version, prereleases=True):
        yield f"{name}.txt pins {requirement.name} {version}, but {name}.in asks for {requirement}"


def _unknown_files() -> Iterator[str]:
    for file in sorted(FOLDER.glob("*.in")):
        if file.stem not in SETS:
            yield f"{file.name} is not in the list of sets to compile"


def main() -> int:
    """Print what does not fit and return the exit code."""
    found = list(complaints())
    for complaint in found:
        print(complaint)
    if found:
        print("run ./manage_all.sh requirements")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
