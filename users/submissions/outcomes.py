"""Step 10 of the road: outcomes of a batch, settled by one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from users.submissions.errors import OutcomeMisfit, OutcomeUnknown
from users.submissions.models import TransactionRequest


class Outcome(NamedTuple):
    """
    What the ledger decided about one request of the user whose stream told it.

    `amount` and `currency` are what moved, None when nothing did.
    """

    transaction_id: UUID
    user_id: UUID
    status: str
    rejection_code: str | None
    amount: int | None
    currency: str | None
    decided_at: datetime


class OutcomeBatch:
    """Collects the outcomes of one consumed batch and settles their requests together."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """Note an outcome; `write` makes it true."""
        self._outcomes.append(outcome)

    def write(self) -> None:
        """
        Settle every request, or none.

        Raises:
            OutcomeUnknown: nobody asked for the transaction here.
            OutcomeMisfit: the request is not pending, or of another user, amount or currency.
        """
        if not self._outcomes:
            return
        settled = _settle(self._outcomes)
        left = [o.transaction_id for o in self._outcomes if o.transaction_id not in settled]
        if left:
            _complain(left)
        if len(settled) != len(self._outcomes):
            raise OutcomeMisfit("two outcomes for one transaction")


def _settle(outcomes: Sequence[Outcome]) -> set[UUID]:
    """Settle what is pending and fits; the ids that were settled."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE transaction_request AS request
            SET status = outcome.status,
                rejection_code = outcome.rejection_code,
                captured_amount = coalesce(outcome.amount, 0),
                settled_at = outcome.decided_at
            FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::text[],
                    %s::timestamptz[])
                AS outcome (id, user_id, status, rejection_code, amount, currency, decided_at)
            WHERE request.id = outcome.id
                AND request.user_id = outcome.user_id
                AND request.status = 'pending'
                AND request.amount = coalesce(outcome.amount, request.amount)
                AND request.currency = coalesce(outcome.currency, request.currency)
            RETURNING request.id
            """,
            [list(column) for column in zip(*outcomes, strict=True)],
        )
        return {row[0] for row in cursor.fetchall()}


def _complain(transaction_ids: Sequence[UUID]) -> None:
    known = set(
        TransactionRequest.objects.filter(id__in=transaction_ids).values_list("id", flat=True)
    )
    for transaction_id in transaction_ids:
        if transaction_id not in known:
            raise OutcomeUnknown(f"no request {transaction_id}")
    raise OutcomeMisfit(f"request {transaction_ids[0]} is settled or another")
