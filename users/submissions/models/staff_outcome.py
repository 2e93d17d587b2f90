"""What became of a transaction by a command that nobody gave here."""

from typing import ClassVar

import pgtrigger
from django.db import models

from users.submissions.models.outcome_road import OutcomeRoad
from users.submissions.models.transaction_request import TransactionRequest


class StaffOutcome(OutcomeRoad):
    """
    What staff did with a transaction in the ledger, as it was told; written once.

    A command that was given here and lost with a restored database looks the same. `actor` is
    `staff:<name>`, or whoever the ledger names. `type` is empty for one that was refused: its
    outcome does not tell.
    """

    command_id = models.UUIDField(
        primary_key=True, editable=False, help_text="The ledger transaction of the command."
    )
    transaction = models.ForeignKey(
        TransactionRequest, on_delete=models.PROTECT, related_name="staff_outcomes", db_index=False
    )
    type = models.CharField(max_length=16, blank=True, default="")
    actor = models.CharField(max_length=100)
    rejection_code = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  absent is not empty
    applied_amount = models.BigIntegerField(
        null=True, blank=True, help_text="Minor units captured, released or given back."
    )

    class Meta:
        db_table = "staff_outcome"
        verbose_name = "outcome of staff's"
        verbose_name_plural = "outcomes of staff's"
        indexes: ClassVar = [
            models.Index(name="staff_outcome_of", fields=["transaction", "command_id"]),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="staff_outcome_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.command_id} {self.type or 'refused'}"
