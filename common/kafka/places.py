"""Where a group stands in the partitions of a topic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlace:
    """
    One partition: the offset the group would resume at, and the one after the last record.

    A group that has committed nothing (`committed` is None) resumes at the first record.
    """

    resume: int
    end: int
    committed: int | None = None

    @property
    def lag(self) -> int:
        """How many records are not committed; never negative."""
        return max(0, self.end - self.resume)
