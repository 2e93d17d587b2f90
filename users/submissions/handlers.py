"""Step 10 of the road: outcome events become outcomes of requests."""

from common.events.contracts import TransactionPostedV1, TransactionRejectedV1
from common.inbox.wiring import Received
from users.submissions.models import TransactionRequest
from users.submissions.outcomes import Outcome, OutcomeBatch

_STATUS = TransactionRequest.Status


def on_transaction_posted(received: Received, batch: OutcomeBatch) -> None:
    """The money moved."""
    event = received.event
    if not isinstance(event, TransactionPostedV1):
        raise TypeError(f"wired to {received.envelope.type}")
    batch.add(
        Outcome(
            transaction_id=event.transaction_id,
            user_id=received.envelope.stream,
            status=_STATUS.POSTED.value,
            rejection_code=None,
            amount=event.amount,
            currency=event.currency,
            decided_at=event.decided_at,
        )
    )


def on_transaction_rejected(received: Received, batch: OutcomeBatch) -> None:
    """The ledger refused."""
    event = received.event
    if not isinstance(event, TransactionRejectedV1):
        raise TypeError(f"wired to {received.envelope.type}")
    batch.add(
        Outcome(
            transaction_id=event.transaction_id,
            user_id=received.envelope.stream,
            status=_STATUS.REJECTED.value,
            rejection_code=event.code,
            amount=None,
            currency=None,
            decided_at=event.decided_at,
        )
    )
