"""What the ledger decided about each request."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from common.money import AMOUNT_MAX
from transactions.ledger.models.account import Account

DISCARDED = "discarded_by_staff"
"""The rejection of a request whose event staff discarded; the engine never gives it."""


class LedgerTransaction(models.Model):
    """
    One request and its decision; the key is the request's own id, so it is decided once.

    `stream` is the user whose wallet it is about. `effective_at` is when the request was
    accepted and for display; `recorded_at` is when the ledger wrote it. A refused one has
    no postings, and no accounts when they could not exist. One whose event staff discarded has
    only what was legible of it. Rows never change and never go.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "Transfer"
        WITHDRAWAL = "withdrawal", "Withdrawal"
        DEPOSIT = "deposit", "Deposit"

    class State(models.TextChoices):
        POSTED = "posted", "Posted"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(primary_key=True, editable=False, help_text="The request's id.")
    kind = models.CharField(max_length=16, choices=Kind.choices, null=True)  # noqa: DJ001  not legible is not empty
    state = models.CharField(max_length=16, choices=State.choices)
    amount = models.BigIntegerField(null=True, help_text="Minor units.")
    currency = models.CharField(max_length=3, null=True, help_text="ISO 4217 code.")  # noqa: DJ001  as above
    # A trigger holds both against the postings at COMMIT; nothing is ever deleted.
    debit_account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    credit_account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    stream = models.UUIDField(help_text="The user whose wallet it is about.")
    requested_by = models.UUIDField(null=True, help_text="The user who asked.")
    rejection_code = models.CharField(max_length=64, blank=True, default="")
    reference = models.CharField(  # noqa: DJ001  none is not empty
        max_length=100, null=True, blank=True, help_text="The client's own, for statements."
    )
    effective_at = models.DateTimeField(null=True, help_text="When the request was accepted.")
    recorded_at = models.DateTimeField(help_text="When the ledger recorded its decision.")
    source_event_id = models.UUIDField(help_text="The event that asked for it.")
    source_sequence = models.BigIntegerField()
    source_partition = models.IntegerField()
    source_offset = models.BigIntegerField()

    class Meta:
        db_table = "ledger_transaction"
        verbose_name = "ledger transaction"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="ledger_transaction_amount_in_range",
                condition=Q(amount__gt=0, amount__lte=AMOUNT_MAX),
            ),
            models.CheckConstraint(
                name="ledger_transaction_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(
                name="ledger_transaction_kind_known",
                condition=Q(kind__in=["transfer", "withdrawal", "deposit"]),
            ),
            models.CheckConstraint(
                name="ledger_transaction_posted_or_refused_with_code",
                condition=Q(
                    state="posted",
                    rejection_code="",
                    debit_account__isnull=False,
                    credit_account__isnull=False,
                )
                | (Q(state="rejected") & ~Q(rejection_code="")),
            ),
            models.CheckConstraint(
                name="ledger_transaction_whole_unless_discarded",
                condition=Q(
                    kind__isnull=False,
                    amount__isnull=False,
                    currency__isnull=False,
                    requested_by__isnull=False,
                    effective_at__isnull=False,
                )
                | Q(rejection_code=DISCARDED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
