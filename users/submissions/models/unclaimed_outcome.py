"""What the ledger decided and nobody here asked for."""

from django.db import models


class UnclaimedOutcome(models.Model):
    """
    What the ledger decided about a transaction that this database does not know.

    It was lost when the database was restored from a backup, or nobody ever asked for it: both
    need a person. Kept once for each transaction, as it came first.
    """

    transaction_id = models.UUIDField(primary_key=True, editable=False)
    user_id = models.UUIDField(help_text="Whose stream told it; the user may be lost, too.")
    status = models.CharField(max_length=20)
    rejection_code = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  absent is not empty
    amount = models.BigIntegerField(null=True, blank=True, help_text="Minor units that moved.")
    currency = models.CharField(max_length=3, null=True, blank=True)  # noqa: DJ001  absent is not empty
    decided_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "unclaimed_outcome"
        verbose_name = "unclaimed outcome"

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.status}"
