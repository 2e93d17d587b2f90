"""The statuses that a transaction goes through, as events that a client may have seen or not."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

from common.api.errors import InvalidRequest
from users.submissions.models import TransactionRequest
from users.submissions.representation import transaction_represent, transaction_represent_accepted

_STATUS = TransactionRequest.Status
_UNSETTLED = (_STATUS.PENDING, _STATUS.AUTHORISED)
_RANKS: dict[str, int] = {
    _STATUS.PENDING: 0,
    _STATUS.AUTHORISED: 1,
    _STATUS.REJECTED: 2,
    _STATUS.POSTED: 2,
    _STATUS.VOIDED: 2,
    _STATUS.EXPIRED: 2,
    _STATUS.PARTIALLY_REVERSED: 3,
    _STATUS.REVERSED: 4,
}
_EVENT_ID = re.compile(r"([a-z_]{1,20})-([0-9]{1,16})")


class Progress(NamedTuple):
    """How far a transaction is: later is more. A transaction never goes back."""

    rank: int
    reversed_amount: int

    @classmethod
    def of(cls, representation: dict[str, Any]) -> Self:
        return cls(_RANKS[representation["status"]], representation["reversed_amount"])

    @classmethod
    def read(cls, event_id: str) -> Self:
        """
        How far the transaction was at an event that a client has seen.

        Raises `InvalidRequest` when there are no such events.
        """
        parts = _EVENT_ID.fullmatch(event_id)
        if parts is None or parts[1] not in _RANKS:
            raise InvalidRequest("It is not the id of an event of ours.", field="Last-Event-ID")
        return cls(_RANKS[parts[1]], int(parts[2]))


def event_id(representation: dict[str, Any]) -> str:
    """What a client sends back to say that it has seen this."""
    return f"{representation['status']}-{representation['reversed_amount']}"


def is_settled(transaction: TransactionRequest) -> bool:
    """Whether nothing more will happen to it, but for reversals."""
    return transaction.status not in _UNSETTLED


def unseen(transaction: TransactionRequest, seen: Progress | None) -> list[dict[str, Any]]:
    """
    The transaction at every status since `seen`, in order; as it is now when None was seen.

    Statuses that nobody looked at in time are among them: they follow from what it is now. Of
    several reversals in parts only the last one does.
    """
    states = list(_states(transaction))
    if seen is None:
        return states[-1:]
    return [state for state in states if Progress.of(state) > seen]


def _states(transaction: TransactionRequest) -> Iterator[dict[str, Any]]:
    accepted = transaction_represent_accepted(transaction)
    yield accepted
    if _was_held(transaction):
        yield accepted | {"status": _STATUS.AUTHORISED}
    if transaction.status in (_STATUS.PARTIALLY_REVERSED, _STATUS.REVERSED):
        yield transaction_represent(transaction) | {
            "status": _STATUS.POSTED,
            "reversed_amount": 0,
        }
    if transaction.status != _STATUS.PENDING:
        yield transaction_represent(transaction)


def _was_held(transaction: TransactionRequest) -> bool:
    """Whether it was authorised and is something else by now."""
    return transaction.capture == TransactionRequest.Capture.MANUAL and transaction.status not in (
        *_UNSETTLED,
        _STATUS.REJECTED,
    )
