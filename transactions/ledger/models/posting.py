"""The legs of transactions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from common.money import AMOUNT_MAX
from transactions.ledger.models.account import Account
from transactions.ledger.models.ledger_transaction import LedgerTransaction


class Posting(models.Model):
    """
    One leg of a transaction, written together with it and never changed.

    `balance_after` is what is posted on the account's normal side, on the pending layer what its
    open holds would take. An account of the house is never read while posting, so there it is
    empty.
    """

    class Direction(models.TextChoices):
        DEBIT = "debit", "Debit"
        CREDIT = "credit", "Credit"

    class Layer(models.TextChoices):
        POSTED = "posted", "Posted"
        PENDING = "pending", "Pending"

    id = models.BigAutoField(primary_key=True)
    # A trigger checks both references once per statement; a constraint would once per row.
    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="postings", db_constraint=False
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="postings",
        db_constraint=False,
        db_index=False,
    )
    direction = models.CharField(max_length=6, choices=Direction.choices)
    layer = models.CharField(max_length=8, choices=Layer.choices)
    amount = models.BigIntegerField(help_text="Minor units, always positive.")
    balance_after = models.BigIntegerField(null=True, blank=True, help_text="Minor units.")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_posting"
        verbose_name = "posting"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="posting_amount_in_range",
                condition=Q(amount__gt=0, amount__lte=AMOUNT_MAX),
            ),
            models.CheckConstraint(
                name="posting_direction_known", condition=Q(direction__in=["debit", "credit"])
            ),
            models.CheckConstraint(
                name="posting_layer_known", condition=Q(layer__in=["posted", "pending"])
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                # Balances as of a moment, and statements: one look each, whatever the size.
                name="posting_by_account_layer_time",
                fields=["account", "layer", "recorded_at", "id"],
            ),
            models.Index(  # for the list of staff, as there may be none
                name="posting_pending", fields=["id"], condition=Q(layer="pending")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.amount}"
