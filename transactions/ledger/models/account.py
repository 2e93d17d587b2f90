"""Accounts and, with them, their balances."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from common.ids import uuid7


class Account(models.Model):
    """
    A user's wallet in one currency, or an account of the house.

    A wallet is what we owe its owner, so credits are its normal side, and it may not go below
    zero available. An account of the house has a role instead of an owner and no such rule.
    Posted totals only ever grow with postings, pending ones are what open holds come to;
    balances are derived from them.
    """

    class Role(models.TextChoices):
        CASH_CLEARING = "cash_clearing", "Cash clearing"

    class Side(models.TextChoices):
        DEBIT = "debit", "Debit"
        CREDIT = "credit", "Credit"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        FROZEN = "frozen", "Frozen"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.UUIDField(null=True, blank=True, help_text="The user; none for the house.")
    role = models.CharField(max_length=32, choices=Role.choices, blank=True, default="")
    currency = models.CharField(max_length=3, help_text="ISO 4217 code.")
    normal_side = models.CharField(max_length=6, choices=Side.choices)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    debits_posted = models.BigIntegerField(default=0, help_text="Minor units.")
    credits_posted = models.BigIntegerField(default=0, help_text="Minor units.")
    debits_pending = models.BigIntegerField(default=0, help_text="Minor units held.")
    credits_pending = models.BigIntegerField(default=0, help_text="Minor units held.")
    opened_at = models.DateTimeField()
    last_recorded_at = models.DateTimeField(
        null=True, blank=True, help_text="When something was last posted here."
    )

    class Meta:
        db_table = "ledger_account"
        verbose_name = "account"
        permissions: ClassVar = [
            ("freeze_account", "Can freeze wallets and end a freeze"),
            ("close_account", "Can close empty wallets"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="account_once_per_owner_and_currency", fields=["owner", "currency"]
            ),
            models.UniqueConstraint(
                name="account_once_per_role_and_currency",
                fields=["role", "currency"],
                condition=~Q(role=""),
            ),
            models.CheckConstraint(
                name="account_has_owner_or_role",
                condition=Q(owner__isnull=False, role="", normal_side="credit")
                | Q(owner__isnull=True, role="cash_clearing", normal_side="debit"),
            ),
            models.CheckConstraint(
                name="account_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(
                name="account_status_known", condition=Q(status__in=["open", "frozen", "closed"])
            ),
            models.CheckConstraint(
                name="account_totals_not_negative",
                condition=Q(debits_posted__gte=0)
                & Q(credits_posted__gte=0)
                & Q(debits_pending__gte=0)
                & Q(credits_pending__gte=0),
            ),
            models.CheckConstraint(
                name="account_wallet_available_not_negative",
                # Differences of numbers that are not negative cannot overflow, sums could.
                condition=Q(owner__isnull=True)
                | Q(credits_posted__gte=F("debits_posted"))
                & Q(debits_pending__lte=F("credits_posted") - F("debits_posted")),
            ),
        ]
        indexes: ClassVar = [
            # For the list of staff.
            models.Index(name="account_by_currency", fields=["currency", "id"]),
            models.Index(
                name="account_by_status", fields=["status", "id"], condition=~Q(status="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role or self.owner} {self.currency}"

    @property
    def posted(self) -> int:
        """Minor units on the account's normal side, holds not considered."""
        balance = self.credits_posted - self.debits_posted
        return balance if self.normal_side == self.Side.CREDIT else -balance

    @property
    def pending(self) -> int:
        """Minor units that open holds would take from the account's normal side."""
        credit_normal = self.normal_side == self.Side.CREDIT
        return self.debits_pending if credit_normal else self.credits_pending

    @property
    def available(self) -> int:
        """Minor units that can be spent now."""
        return self.posted - self.pending
