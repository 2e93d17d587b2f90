"""Who froze, unfroze and closed which account, and why."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from transactions.ledger.models.account import Account


class AccountChange(models.Model):
    """
    One change of an account's status; written once, never changed.

    `actor` is `user:<id>`, `staff:<id>` or `system:<name>`. `cause` is the id of the event that
    led here, None when staff acted in this service.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="changes")
    from_status = models.CharField(max_length=8, choices=Account.Status.choices)
    to_status = models.CharField(max_length=8, choices=Account.Status.choices)
    actor = models.CharField(max_length=100)
    reason = models.TextField()
    cause = models.UUIDField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_account_change"
        verbose_name = "account change"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="account_change_legal",
                condition=Q(from_status="open", to_status__in=["frozen", "closed"])
                | Q(from_status="frozen", to_status="open"),
            ),
            models.CheckConstraint(
                name="account_change_has_actor_and_reason",
                condition=~Q(actor="") & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status} by {self.actor}"
