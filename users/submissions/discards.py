"""What it means to discard an outcome: nothing, as long as nobody waits for it."""

from uuid import UUID

from common.events.contracts import TransactionEvent
from common.inbox.errors import DiscardRefused
from common.inbox.wiring import Discarded
from users.submissions.models import TransactionRequest
from users.submissions.outcomes import OutcomeBatch

_STATUS = TransactionRequest.Status
_WAITING_FOR_MORE = (_STATUS.PENDING, _STATUS.AUTHORISED)


def on_outcome_discarded(discarded: Discarded, batch: OutcomeBatch) -> None:  # noqa: ARG001  nothing is to be written
    """
    Let an outcome go that answers no request of ours, or one that is settled.

    Raises `DiscardRefused` when a request still waits: it would never get its outcome.
    """
    transaction_id = _transaction_id(discarded)
    if TransactionRequest.objects.filter(pk=transaction_id, status__in=_WAITING_FOR_MORE).exists():
        raise DiscardRefused(
            f"Request {transaction_id} waits for this outcome: replay it after its cause is mended."
        )


def _transaction_id(discarded: Discarded) -> UUID:
    if isinstance(discarded.event, TransactionEvent):
        return discarded.event.transaction_id
    try:
        return UUID(discarded.envelope.subject)
    except ValueError:
        raise DiscardRefused(
            "It does not say which transaction it is about, so a request may wait for it."
        ) from None
