"""What one of staff would have done with a transaction, and another one allows or refuses."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from common.ids import uuid7
from common.money import AMOUNT_MAX
from users.submissions.models.transaction_command import TransactionCommand
from users.submissions.models.transaction_request import TransactionRequest

_BY_ANOTHER = Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))


class CommandProposal(models.Model):
    """
    A void or a reversal that needs four eyes.

    Nobody decides on their own proposal, whoever they are: the database says so too. Approved, it
    has become `command`. It is decided once, and open until then or until `expires_at`.
    """

    class Type(models.TextChoices):
        VOID = "void", "Void"
        REVERSE = "reverse", "Reverse"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    transaction = models.ForeignKey(
        TransactionRequest, on_delete=models.PROTECT, related_name="proposals"
    )
    type = models.CharField(max_length=16, choices=Type.choices)
    amount = models.BigIntegerField(
        null=True, blank=True, help_text="Minor units; without one, all that remains."
    )
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    proposed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        null=True,
        blank=True,
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True, default="")
    command = models.OneToOneField(
        TransactionCommand,
        on_delete=models.PROTECT,
        related_name="proposal",
        null=True,
        blank=True,
    )

    class Meta:
        db_table = "command_proposal"
        verbose_name = "proposal"
        permissions: ClassVar = [("decide_proposal", "Can approve and refuse proposals")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="command_proposal_status_known",
                condition=Q(status__in=["open", "approved", "refused", "withdrawn", "expired"]),
            ),
            models.UniqueConstraint(
                name="command_proposal_one_open",
                fields=["transaction"],
                condition=Q(status="open"),
            ),
            models.CheckConstraint(
                name="command_proposal_type_known", condition=Q(type__in=["void", "reverse"])
            ),
            models.CheckConstraint(
                name="command_proposal_amount_in_range",
                condition=Q(amount__isnull=True)
                | Q(type="reverse", amount__gte=1, amount__lte=AMOUNT_MAX),
            ),
            models.CheckConstraint(name="command_proposal_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="command_proposal_decided_by_another",
                condition=Q(
                    status="open",
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                    command__isnull=True,
                )
                | Q(status="approved", decided_at__isnull=False, command__isnull=False)
                & _BY_ANOTHER
                | Q(status="refused", decided_at__isnull=False, command__isnull=True) & _BY_ANOTHER
                | Q(
                    status="withdrawn",
                    decided_by=F("proposed_by"),
                    decided_at__isnull=False,
                    command__isnull=True,
                )
                | Q(
                    status="expired",
                    decided_by__isnull=True,
                    decided_at__isnull=False,
                    command__isnull=True,
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="command_proposal_open", fields=["expires_at"], condition=Q(status="open")
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.ReadOnly(
                name="command_proposal_immutable",
                fields=[
                    "id",
                    "transaction",
                    "type",
                    "amount",
                    "reason",
                    "proposed_by",
                    "proposed_at",
                    "expires_at",
                ],
            ),
            pgtrigger.Protect(name="command_proposal_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="command_proposal_is_not_truncated",
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                func="RAISE EXCEPTION 'command_proposal is never emptied';",
            ),
            pgtrigger.Protect(
                name="command_proposal_decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'open'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.transaction_id}, {self.status}"
