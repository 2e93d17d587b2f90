"""What the last check of the books found."""

from django.db import models


class LedgerCheckResult(models.Model):
    """How one of the checks went when it ran last; the log has all of them."""

    class Check(models.TextChoices):
        SEALING = "sealing", "Sealing"
        CHAIN = "chain", "Chain of seals"
        LEDGER = "ledger", "Balances and postings"

    name = models.CharField(max_length=16, primary_key=True, choices=Check.choices)
    at = models.DateTimeField()
    ok = models.BooleanField()
    details = models.TextField(blank=True, default="")

    class Meta:
        db_table = "ledger_check_result"
        verbose_name = "check of the books"
        verbose_name_plural = "checks of the books"

    def __str__(self) -> str:
        return f"{self.name}: {'ok' if self.ok else 'faults'}"
