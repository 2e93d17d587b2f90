"""What it means to discard an outcome: nothing, as long as nobody waits for it."""

from uuid import UUID

from django.db.models import Q

from common.events.contracts import TransactionEvent, TransactionReversedV1
from common.inbox.errors import DiscardRefused
from common.inbox.wiring import Discarded
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.outcomes import OutcomeBatch

_STATUS = TransactionRequest.Status
_UNSETTLED = (_STATUS.PENDING, _STATUS.AUTHORISED)
_WAITING: dict[str, tuple[str, ...]] = {
    "transaction_authorised": (_STATUS.PENDING,),
    "transaction_posted": _UNSETTLED,
    "transaction_rejected": _UNSETTLED,
    "transaction_voided": _UNSETTLED,
    "transaction_expired": _UNSETTLED,
    "transaction_reversed": (*_UNSETTLED, _STATUS.POSTED, _STATUS.PARTIALLY_REVERSED),
}
"""The statuses in which a request may still wait for an outcome, by the event's name."""


def on_outcome_discarded(discarded: Discarded, batch: OutcomeBatch) -> None:  # noqa: ARG001  nothing is to be written
    """
    Let an outcome go that answers nothing of ours, or only what is settled.

    Raises `DiscardRefused` when a request or a command still waits: it would never get its
    outcome.
    """
    transaction_id = _transaction_id(discarded)
    if _request_waits(discarded, transaction_id):
        raise DiscardRefused(
            f"Request {transaction_id} waits for this outcome: replay it after its cause is mended."
        )
    if _command_waits(discarded, transaction_id):
        raise DiscardRefused(
            f"A command about {transaction_id} waits for this outcome: replay it after its cause"
            " is mended."
        )


def _request_waits(discarded: Discarded, transaction_id: UUID) -> bool:
    name = discarded.envelope.type.rpartition(".v")[0]
    waiting = Q(status__in=_WAITING.get(name, ()))
    if isinstance(discarded.event, TransactionReversedV1):
        # One of several: it may be one of those that the request has had.
        waiting &= Q(reversed_amount__lt=discarded.event.reversed_amount)
    return TransactionRequest.objects.filter(waiting, pk=transaction_id).exists()


def _command_waits(discarded: Discarded, transaction_id: UUID) -> bool:
    """Whether the outcome is, or may be, that of a command of ours."""
    pending = TransactionCommand.objects.filter(
        transaction_id=transaction_id, status=TransactionCommand.Status.PENDING
    )
    if discarded.event is None:
        return pending.exists()
    command_id: UUID | None = getattr(discarded.event, "command_id", None)
    return command_id is not None and pending.filter(id=command_id).exists()


def _transaction_id(discarded: Discarded) -> UUID:
    if isinstance(discarded.event, TransactionEvent):
        return discarded.event.transaction_id
    try:
        return UUID(discarded.envelope.subject)
    except ValueError:
        raise DiscardRefused(
            "It does not say which transaction it is about, so a request may wait for it."
        ) from None
