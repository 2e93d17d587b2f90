"""What is to be done with a transaction that was asked for before, and what became of that."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Q

from common.ids import uuid7
from common.money import AMOUNT_MAX
from users.submissions.models.outcome_road import OutcomeRoad
from users.submissions.models.transaction_request import TransactionRequest


class TransactionCommand(OutcomeRoad):
    """
    A capture, void or reversal that a client asked for, or the expiry that is due to a hold.

    Written once: only the outcome columns (from `status` on) ever change, and the database says
    so too. The row is also the idempotency record of its key. Nobody asks for an expiry, so it
    has no key. The ledger's transaction of a command has the command's id.
    """

    class Type(models.TextChoices):
        CAPTURE = "capture", "Capture"
        VOID = "void", "Void"
        REVERSE = "reverse", "Reverse"
        EXPIRY = "expiry", "Expiry"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPLIED = "applied", "Applied"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    transaction = models.ForeignKey(
        TransactionRequest, on_delete=models.PROTECT, related_name="commands", db_index=False
    )
    type = models.CharField(max_length=16, choices=Type.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        null=True,
        blank=True,
    )
    amount = models.BigIntegerField(
        null=True, blank=True, help_text="Minor units; without one, all that remains."
    )
    reason = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001  absent is not empty
    accepted_at = models.DateTimeField(help_text="The database's clock, under the stream's lock.")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  absent is not empty
    fingerprint = models.CharField(  # noqa: DJ001  absent is not empty
        max_length=64, null=True, blank=True, help_text="SHA-256 of the canonical body."
    )
    request_id = models.CharField(max_length=64)
    traceparent = models.CharField(max_length=55, null=True, blank=True)  # noqa: DJ001  absent is not empty

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    rejection_code = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  absent is not empty
    applied_amount = models.BigIntegerField(
        null=True, blank=True, help_text="Minor units captured, released or given back."
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "transaction_command"
        verbose_name = "command"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="transaction_command_key_once",
                fields=["requested_by", "transaction", "idempotency_key"],
            ),
            models.UniqueConstraint(
                name="transaction_command_one_expiry",
                fields=["transaction"],
                condition=Q(type="expiry", status="pending"),
            ),
            models.CheckConstraint(
                name="transaction_command_type_known",
                condition=Q(type__in=["capture", "void", "reverse", "expiry"]),
            ),
            models.CheckConstraint(
                name="transaction_command_asked_for",
                condition=Q(
                    type="expiry",
                    requested_by__isnull=True,
                    idempotency_key__isnull=True,
                    fingerprint__isnull=True,
                )
                | ~Q(type="expiry")
                & Q(
                    requested_by__isnull=False,
                    idempotency_key__isnull=False,
                    fingerprint__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="transaction_command_amount_in_range",
                condition=Q(amount__isnull=True)
                | Q(type__in=["capture", "reverse"], amount__gte=1, amount__lte=AMOUNT_MAX),
            ),
            models.CheckConstraint(
                name="transaction_command_reason_of_reversal",
                condition=Q(reason__isnull=True) | Q(type="reverse"),
            ),
            models.CheckConstraint(
                name="transaction_command_outcome_whole",
                condition=Q(
                    status="pending",
                    rejection_code__isnull=True,
                    applied_amount__isnull=True,
                    settled_at__isnull=True,
                )
                | Q(
                    status="applied",
                    rejection_code__isnull=True,
                    applied_amount__isnull=False,
                    settled_at__isnull=False,
                )
                | Q(
                    status="rejected",
                    rejection_code__isnull=False,
                    applied_amount__isnull=True,
                    settled_at__isnull=False,
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="transaction_command_of", fields=["transaction", "id"]),
            # For the lists of staff.
            models.Index(
                name="transaction_command_by_status",
                fields=["status", "id"],
                condition=~Q(status="applied"),
            ),
            models.Index(name="transaction_command_by_type", fields=["type", "id"]),
            models.Index(
                name="transaction_command_by_code",
                fields=["rejection_code", "id"],
                condition=Q(rejection_code__isnull=False),
            ),
            HashIndex(name="transaction_command_by_key", fields=["idempotency_key"]),
            HashIndex(name="transaction_command_by_request", fields=["request_id"]),
        ]
        triggers: ClassVar = [
            # `accepted_at` is left out: it is read under the stream's lock, after the insert that
            # claims the key.
            pgtrigger.ReadOnly(
                name="transaction_command_immutable",
                fields=[
                    "id",
                    "transaction",
                    "type",
                    "requested_by",
                    "amount",
                    "reason",
                    "idempotency_key",
                    "fingerprint",
                    "request_id",
                    "traceparent",
                ],
            ),
            pgtrigger.Protect(name="transaction_command_kept", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="transaction_command_arrows",
                field="status",
                condition=pgtrigger.AnyChange("status"),
                transitions=[("pending", "applied"), ("pending", "rejected")],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.type} {self.status}"
