"""Step 10 of the road: outcomes of a batch, settled by one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import connection

from users.submissions.errors import OutcomeMisfit
from users.submissions.models import TransactionRequest, UnclaimedOutcome

log = structlog.get_logger(__name__)


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

    def says_the_same(self, other: "Outcome") -> bool:
        """Whether two outcomes are one decision, told again after the ledger was restored."""
        return self._replace(decided_at=other.decided_at) == other


class OutcomeBatch:
    """Collects the outcomes of one consumed batch and settles their requests together."""

    def __init__(self) -> None:
        self._outcomes: dict[UUID, Outcome] = {}

    def add(self, outcome: Outcome) -> None:
        """
        Note an outcome; `write` makes it true. Told again, it is the same outcome.

        Raises:
            OutcomeMisfit: this batch holds another outcome for the transaction.
        """
        known = self._outcomes.setdefault(outcome.transaction_id, outcome)
        if not known.says_the_same(outcome):
            raise OutcomeMisfit("two outcomes for one transaction")

    def write(self) -> None:
        """
        Settle every request, or none.

        An outcome that its request has already changes nothing. One that nobody here asked for
        is kept as unclaimed, and its stream goes on: this database may have been restored from
        a backup that is older than the request.

        Raises:
            OutcomeMisfit: the request has another outcome, or is of another user, amount or
                currency.
        """
        if not self._outcomes:
            return
        settled = _settle(list(self._outcomes.values()))
        left = [one for one in self._outcomes.values() if one.transaction_id not in settled]
        if left:
            _account_for(left)


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


def _account_for(outcomes: Sequence[Outcome]) -> None:
    """Tell repetitions, which are fine, from outcomes that are nobody's or contradict."""
    requests = TransactionRequest.objects.in_bulk([one.transaction_id for one in outcomes])
    unclaimed = []
    for outcome in outcomes:
        request = requests.get(outcome.transaction_id)
        if request is None:
            unclaimed.append(outcome)
        elif _is_settled_so(request, outcome):
            log.info("outcome_repeated", transaction_id=str(request.id))
        else:
            raise OutcomeMisfit(f"request {request.id} is settled or another")
    _unclaimed_keep(unclaimed)


def _is_settled_so(request: TransactionRequest, outcome: Outcome) -> bool:
    return (
        request.user_id == outcome.user_id
        and request.status == outcome.status
        and request.rejection_code == outcome.rejection_code
        and request.captured_amount == (outcome.amount or 0)
        and request.currency == (outcome.currency or request.currency)
    )


def _unclaimed_keep(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        log.error("outcome_unclaimed", **{k: str(v) for k, v in outcome._asdict().items()})
    UnclaimedOutcome.objects.bulk_create(
        [UnclaimedOutcome(**outcome._asdict()) for outcome in outcomes], ignore_conflicts=True
    )
