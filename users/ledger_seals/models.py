"""
What the ledger said of its journal, kept apart from it.

Whoever rewrites the ledger's database can make a new chain of seals, but not the one that is here.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class ToldSeal(models.Model):
    """A seal as an event told it; digests are hexadecimal."""

    entries = models.BigIntegerField(help_text="Journal entries under this seal.")
    last_sequence = models.BigIntegerField(help_text="Of the last entry under it.")
    previous = models.CharField(max_length=64, help_text="The digest of the seal before.")
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def says_the_same(self, other: "ToldSeal") -> bool:
        """Whether both are the same entries under the same digests."""
        mine, theirs = (
            (one.entries, one.last_sequence, one.previous, one.digest) for one in (self, other)
        )
        return mine == theirs


class KeptSeal(ToldSeal):
    """The seal of a number as it came first; never changed."""

    number = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "kept_seal"
        verbose_name = "kept seal"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="kept_seal_counts_from_one", condition=Q(number__gte=1, entries__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.digest}"


class SealConflict(ToldSeal):
    """
    Another seal that was told for a number that is kept: the ledger has another history now.

    It was put back to a backup, or it was rewritten; a person has to know which.
    """

    number = models.BigIntegerField()

    class Meta:
        db_table = "seal_conflict"
        verbose_name = "conflicting seal"
        constraints: ClassVar = [
            models.UniqueConstraint(name="seal_conflict_once", fields=["number", "digest"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.digest}"
