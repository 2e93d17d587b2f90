"""What a planted bug is, and how it gets into a tree."""

from dataclasses import dataclass
from pathlib import Path

SIMULATION = "tests/simulation/test_simulation.py"
PLACEMENT = "tests/unit/test_placement.py"


class Stale(Exception):
    """The text to change is not there exactly once: the table is older than the code."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """
    A planted bug: in `file`, the text `old` becomes `new`.

    `what` says in one line what is wrong then. `tests` are what must notice, quickest first;
    those behind the first that does are not run.
    """

    name: str
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def text(self, tree: Path) -> str:
        """
        The file with the bug in it.

        Raises `Stale`.
        """
        text = (tree / self.file).read_text()
        if (count := text.count(self.old)) != 1:
            raise Stale(f"{self.name}: the text to change is {count} times in {self.file}")
        return text.replace(self.old, self.new)
