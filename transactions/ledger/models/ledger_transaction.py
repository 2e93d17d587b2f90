"""What the ledger decided about each request and each command."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from common.money import AMOUNT_MAX
from transactions.ledger.models.account import Account

DISCARDED = "discarded_by_staff"
"""The rejection of what staff discarded the event of; the engine never gives it."""

ORIGINALS = ["transfer", "withdrawal", "deposit"]
"""Kinds that a request asks for; the others are commands about one of these."""

MOVED = ["posted", "partially_reversed", "reversed"]
"""States of an original whose money moved."""

_RESOLUTIONS = ["capture", "void", "expiry"]
_REVERSALS = ["reversal"]


class LedgerTransaction(models.Model):
    """
    One request or command and its decision; the key is its own id, so it is decided once.

    A request's transaction is an original. With `hold_expires_at` it holds the money first, and
    at most one `capture`, `void` or `expiry` resolves it, which names it as `pending`. A
    `reversal` names the original whose money it gives back as `reverses`. `state`,
    `captured_amount` and `reversed_amount` of an original follow from these and are all that
    ever changes; rows never go.

    `stream` is the user whose wallet it is about. `effective_at` is when the request was
    accepted and for display; `recorded_at` is when the ledger wrote it. A refused one has
    no postings, and no accounts when they could not exist. One whose event staff discarded has
    only what was legible of it.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "Transfer"
        WITHDRAWAL = "withdrawal", "Withdrawal"
        DEPOSIT = "deposit", "Deposit"
        CAPTURE = "capture", "Capture"
        VOID = "void", "Void"
        EXPIRY = "expiry", "Expiry"
        REVERSAL = "reversal", "Reversal"

    class State(models.TextChoices):
        AUTHORISED = "authorised", "Authorised"
        POSTED = "posted", "Posted"
        VOIDED = "voided", "Voided"
        EXPIRED = "expired", "Expired"
        PARTIALLY_REVERSED = "partially_reversed", "Partially reversed"
        REVERSED = "reversed", "Reversed"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(
        primary_key=True, editable=False, help_text="The request's or command's id."
    )
    kind = models.CharField(max_length=16, choices=Kind.choices, null=True)  # noqa: DJ001  not legible is not empty
    state = models.CharField(max_length=32, choices=State.choices)
    amount = models.BigIntegerField(null=True, help_text="Minor units.")
    currency = models.CharField(max_length=3, null=True, help_text="ISO 4217 code.")  # noqa: DJ001  as above
    # A trigger holds these four against the postings at COMMIT; nothing is ever deleted.
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
    pending = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The hold that it resolves.",
    )
    reverses = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The original that it reverses.",
    )
    hold_expires_at = models.DateTimeField(
        null=True, blank=True, help_text="The deadline of a hold; none: the money moves at once."
    )
    captured_amount = models.BigIntegerField(
        default=0, db_default=0, help_text="Minor units that moved."
    )
    reversed_amount = models.BigIntegerField(
        default=0, db_default=0, help_text="Minor units that went back."
    )
    stream = models.UUIDField(help_text="The user whose wallet it is about.")
    requested_by = models.UUIDField(
        null=True, help_text="The user who asked; nobody for an expiry."
    )
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
                condition=Q(kind__in=[*ORIGINALS, *_RESOLUTIONS, *_REVERSALS]),
            ),
            models.CheckConstraint(
                name="ledger_transaction_refused_with_code",
                condition=Q(state="rejected", captured_amount=0) & ~Q(rejection_code="")
                | ~Q(state="rejected")
                & Q(
                    rejection_code="",
                    debit_account__isnull=False,
                    credit_account__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="ledger_transaction_state_fits_kind",
                condition=Q(state="rejected")
                | Q(state__in=MOVED, kind__in=ORIGINALS, captured_amount__gt=0)
                & (Q(hold_expires_at__isnull=False) | Q(captured_amount=F("amount")))
                | Q(
                    state__in=["authorised", "voided", "expired"],
                    kind__in=ORIGINALS,
                    hold_expires_at__isnull=False,
                    captured_amount=0,
                )
                | Q(state="posted", captured_amount=0) & ~Q(kind__in=ORIGINALS),
            ),
            models.CheckConstraint(
                name="ledger_transaction_captured_in_range",
                condition=Q(captured_amount__gte=0, captured_amount__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="ledger_transaction_reversed_fits_state",
                condition=Q(
                    state="partially_reversed",
                    reversed_amount__gt=0,
                    reversed_amount__lt=F("captured_amount"),
                )
                | Q(state="reversed", reversed_amount__gt=0, reversed_amount=F("captured_amount"))
                | Q(reversed_amount=0) & ~Q(state__in=["partially_reversed", "reversed"]),
            ),
            models.CheckConstraint(
                name="ledger_transaction_links_fit_kind",
                condition=Q(pending__isnull=True, reverses__isnull=True)
                & (Q(kind__in=ORIGINALS) | Q(kind__isnull=True))
                | Q(kind__in=_RESOLUTIONS, reverses__isnull=True, hold_expires_at__isnull=True)
                & (Q(pending__isnull=False) | Q(state="rejected"))
                | Q(kind__in=_REVERSALS, pending__isnull=True, hold_expires_at__isnull=True)
                & (Q(reverses__isnull=False) | Q(state="rejected")),
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
                # An expiry is nobody's wish, and of a transaction that is not known there is
                # neither currency nor, where all of it was meant, an amount.
                | (Q(kind__in=[*_RESOLUTIONS, *_REVERSALS], effective_at__isnull=False))
                & (Q(requested_by__isnull=False) | Q(kind="expiry"))
                & (Q(amount__isnull=False, currency__isnull=False) | Q(state="rejected"))
                | Q(rejection_code=DISCARDED),
            ),
            models.UniqueConstraint(
                name="ledger_transaction_resolved_once",
                fields=["pending"],
                condition=Q(pending__isnull=False) & ~Q(state="rejected"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="ledger_transaction_by_pending",
                fields=["pending"],
                condition=Q(pending__isnull=False),
            ),
            models.Index(
                name="ledger_transaction_by_reverses",
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
            ),
            # For the lists of staff. What most rows are is found without an index.
            models.Index(name="ledger_transaction_of_stream", fields=["stream", "id"]),
            models.Index(
                name="ledger_transaction_by_state",
                fields=["state", "id"],
                condition=~Q(state="posted"),
            ),
            models.Index(
                name="ledger_transaction_by_kind",
                fields=["kind", "id"],
                condition=~Q(kind__in=ORIGINALS),
            ),
            models.Index(
                name="ledger_transaction_by_code",
                fields=["rejection_code", "id"],
                condition=~Q(rejection_code=""),
            ),
            models.Index(name="ledger_transaction_by_amount", fields=["currency", "amount"]),
            models.Index(
                name="ledger_transaction_referred",
                fields=["reference"],
                opclasses=["varchar_pattern_ops"],
                condition=Q(reference__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
