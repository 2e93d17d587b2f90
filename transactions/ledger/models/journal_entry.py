"""The transaction log."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from transactions.ledger.models.ledger_transaction import LedgerTransaction


class JournalEntry(models.Model):
    """
    One change of a transaction's state, refusals included; written once, never changed.

    `actor` is `user:<id>`, `staff:<id>` or `system:<name>`, `cause` the id of the event that
    led here. `hash` is SHA-256 over the entry's canonical content, see `journal.py`.
    """

    sequence = models.BigAutoField(primary_key=True)
    # A trigger checks the reference once per statement; a constraint would once per row.
    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="journal", db_constraint=False
    )
    type = models.CharField(max_length=64)
    from_state = models.CharField(max_length=32, blank=True, default="")
    to_state = models.CharField(max_length=32)
    code = models.CharField(max_length=64, blank=True, default="")
    actor = models.CharField(max_length=100)
    cause = models.UUIDField()
    recorded_at = models.DateTimeField()
    hash = models.BinaryField(max_length=32, editable=False)

    class Meta:
        db_table = "ledger_journal_entry"
        verbose_name = "journal entry"
        verbose_name_plural = "journal entries"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="journal_entry_hash_sha256", condition=Exact(Length("hash"), 32)
            ),
        ]
        indexes: ClassVar = [
            models.Index(  # for the list of staff; most rows are found without it
                name="journal_entry_by_state",
                fields=["to_state", "sequence"],
                condition=~Q(to_state="posted"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.type}"
