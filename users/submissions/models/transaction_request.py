"""A transaction as it was asked for, and its outcome."""

from datetime import timedelta
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value

from common.ids import uuid7
from common.money import AMOUNT_MAX
from users.submissions.hourly import TALLY_OF_INSERTED, TALLY_OF_UPDATED
from users.submissions.models.outcome_road import OutcomeRoad

_DEADLINE = ExpressionWrapper(
    F("accepted_at")
    + ExpressionWrapper(
        F("hold_expires_in_s") * Value(timedelta(seconds=1)), output_field=models.DurationField()
    ),
    output_field=models.DateTimeField(),
)


class TransactionRequest(OutcomeRoad):
    """
    What a client asked for, and what the ledger decided.

    Written once: only the outcome columns (from `status` on) ever change, and the database
    says so too. The row is also the idempotency record of its key: the first answer is
    rendered again from the immutable columns. The road is that of its first outcome; what commands
    led to is kept with them.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "Transfer"
        WITHDRAWAL = "withdrawal", "Withdrawal"
        DEPOSIT = "deposit", "Deposit"

    class Capture(models.TextChoices):
        AUTOMATIC = "automatic", "Automatic"
        MANUAL = "manual", "Manual"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        AUTHORISED = "authorised", "Authorised"
        POSTED = "posted", "Posted"
        REJECTED = "rejected", "Rejected"
        VOIDED = "voided", "Voided"
        EXPIRED = "expired", "Expired"
        PARTIALLY_REVERSED = "partially_reversed", "Partially reversed"
        REVERSED = "reversed", "Reversed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Whose wallet and stream it is: the payer, or the owner of a deposit's wallet.",
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    counterparty = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        null=True,
        blank=True,
        help_text="Who receives a transfer.",
    )
    amount = models.BigIntegerField(help_text="Minor units, e.g. cents.")
    currency = models.CharField(max_length=3, help_text="ISO 4217 code.")
    capture = models.CharField(max_length=16, choices=Capture.choices)
    accepted_at = models.DateTimeField(help_text="The database's clock, under the stream's lock.")
    hold_expires_in_s = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long a hold lives from its acceptance on."
    )
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  absent is not empty
    description = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001  absent is not empty
    metadata = models.JSONField(default=dict, blank=True)
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the canonical body.")
    request_id = models.CharField(max_length=64)
    traceparent = models.CharField(max_length=55, null=True, blank=True)  # noqa: DJ001  absent is not empty

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    rejection_code = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  absent is not empty
    captured_amount = models.BigIntegerField(default=0)
    reversed_amount = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "transaction_request"
        verbose_name = "transaction"
        permissions: ClassVar = [
            ("reverse_transaction", "Can reverse transactions of anybody"),
            ("void_transaction", "Can void holds of anybody"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="transaction_request_key_once", fields=["requested_by", "idempotency_key"]
            ),
            models.UniqueConstraint(
                name="transaction_request_reference_once",
                fields=["requested_by", "reference"],
                condition=Q(reference__isnull=False),
            ),
            models.CheckConstraint(
                name="transaction_request_amount_in_range",
                condition=Q(amount__gte=1, amount__lte=AMOUNT_MAX),
            ),
            models.CheckConstraint(
                name="transaction_request_kind_known",
                condition=Q(kind__in=["transfer", "withdrawal", "deposit"]),
            ),
            models.CheckConstraint(
                name="transaction_request_capture_known",
                condition=Q(capture__in=["automatic", "manual"]),
            ),
            models.CheckConstraint(
                name="transaction_request_hold_of_manual",
                condition=Q(
                    capture="manual", hold_expires_in_s__isnull=False, hold_expires_in_s__gt=0
                )
                | ~Q(capture="manual") & Q(hold_expires_in_s__isnull=True),
            ),
            models.CheckConstraint(
                name="transaction_request_hold_from_acceptance",
                # What is compared with nothing is neither true nor false, and would pass.
                condition=Q(
                    hold_expires_in_s__isnull=False,
                    hold_expires_at__isnull=False,
                    hold_expires_at=_DEADLINE,
                )
                | Q(hold_expires_at__isnull=True, hold_expires_in_s__isnull=True),
            ),
            models.CheckConstraint(
                name="transaction_request_status_known",
                condition=Q(
                    status__in=[
                        "pending",
                        "authorised",
                        "posted",
                        "rejected",
                        "voided",
                        "expired",
                        "partially_reversed",
                        "reversed",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="transaction_request_counterparty_of_transfer",
                condition=Q(kind="transfer", counterparty__isnull=False)
                & ~Q(counterparty=F("user"))
                | ~Q(kind="transfer") & Q(counterparty__isnull=True),
            ),
            models.CheckConstraint(
                name="transaction_request_rejection_has_code",
                condition=Q(status="rejected", rejection_code__isnull=False)
                | ~Q(status="rejected") & Q(rejection_code__isnull=True),
            ),
            models.CheckConstraint(
                name="transaction_request_captured_in_range",
                condition=Q(captured_amount__gte=0, captured_amount__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="transaction_request_reversed_in_range",
                condition=Q(reversed_amount__gte=0, reversed_amount__lte=F("captured_amount")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="transaction_request_of_user", fields=["user", "id"]),
            models.Index(name="transaction_request_asked_by", fields=["requested_by", "id"]),
            models.Index(
                name="transaction_request_received",
                fields=["counterparty", "id"],
                condition=Q(counterparty__isnull=False),
            ),
            models.Index(
                name="transaction_request_holds",
                fields=["hold_expires_at"],
                condition=Q(status="authorised"),
            ),
            models.Index(
                name="transaction_request_pending", fields=["id"], condition=Q(status="pending")
            ),
            # For the lists of staff. What most rows have is found without an index; every one
            # more is written twice, with the request and with its outcome.
            models.Index(
                name="transaction_request_by_status",
                fields=["status", "id"],
                condition=~Q(status__in=["posted", "pending"]),
            ),
            models.Index(
                name="transaction_request_by_code",
                fields=["rejection_code", "id"],
                condition=Q(rejection_code__isnull=False),
            ),
            models.Index(name="transaction_request_by_amount", fields=["currency", "amount"]),
            models.Index(
                name="transaction_request_referred",
                fields=["reference"],
                opclasses=["varchar_pattern_ops"],
                condition=Q(reference__isnull=False),
            ),
            # Looked up by people only, and written twice for every request: a summary of each
            # range of pages costs next to nothing, a tree of all keys did not.
            *(
                BrinIndex(
                    name=name,
                    fields=[field],
                    opclasses=["text_bloom_ops"],
                    pages_per_range=32,
                    autosummarize=True,
                )
                for name, field in (
                    ("transaction_request_by_key", "idempotency_key"),
                    ("transaction_request_by_request", "request_id"),
                )
            ),
        ]
        triggers: ClassVar = [
            # A hold's deadline stands still with the acceptance, by a constraint above.
            pgtrigger.ReadOnly(
                name="transaction_request_immutable",
                fields=[
                    "id",
                    "user",
                    "requested_by",
                    "kind",
                    "counterparty",
                    "amount",
                    "currency",
                    "capture",
                    "accepted_at",
                    "hold_expires_in_s",
                    "reference",
                    "description",
                    "metadata",
                    "idempotency_key",
                    "fingerprint",
                    "request_id",
                    "traceparent",
                ],
            ),
            pgtrigger.Protect(name="transaction_request_kept", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="transaction_request_arrows",
                field="status",
                condition=pgtrigger.AnyChange("status"),
                transitions=[
                    ("pending", "authorised"),
                    ("pending", "posted"),
                    ("pending", "rejected"),
                    ("authorised", "posted"),
                    ("authorised", "voided"),
                    ("authorised", "expired"),
                    ("posted", "partially_reversed"),
                    ("posted", "reversed"),
                    ("partially_reversed", "reversed"),
                ],
            ),
            # What is accepted waits for its outcome, so only rows that are loaded are counted here.
            pgtrigger.Trigger(
                name="transaction_request_tally_inserted",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__status="pending"),
                func=TALLY_OF_INSERTED,
            ),
            pgtrigger.Trigger(
                name="transaction_request_tally_updated",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                func=TALLY_OF_UPDATED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"
