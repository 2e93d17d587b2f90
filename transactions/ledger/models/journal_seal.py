"""Seals over the transaction log."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact


class JournalSeal(models.Model):
    """
    A seal over the next journal entries; written once, never changed.

    Entries are in the order of the database transaction that wrote them and then of their
    sequence; a seal covers those after the seal before, up to the one that `last_xid` and
    `last_sequence` name. `highest_sequence` is the highest under this seal and all before: an
    entry above it that sorts below the seal was slipped in. See `chain.py` for `digest`.
    """

    number = models.BigIntegerField(primary_key=True, help_text="From 1, without gaps.")
    previous = models.BinaryField(max_length=32, editable=False)
    entries = models.IntegerField(help_text="Journal entries under this seal.")
    last_xid = models.BigIntegerField(help_text="The transaction id that wrote the last entry.")
    last_sequence = models.BigIntegerField(help_text="The sequence of the last entry.")
    highest_sequence = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    digest = models.BinaryField(max_length=32, editable=False)

    class Meta:
        db_table = "ledger_journal_seal"
        verbose_name = "journal seal"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="journal_seal_counts_from_one", condition=Q(number__gte=1, entries__gte=1)
            ),
            models.CheckConstraint(
                name="journal_seal_digests_sha256",
                condition=Exact(Length("digest"), 32) & Exact(Length("previous"), 32),
            ),
        ]
        indexes: ClassVar = [
            # Under which seal an entry is: one look, however many seals there are.
            models.Index(name="journal_seal_by_last", fields=["last_xid", "last_sequence"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} over {self.entries}"
