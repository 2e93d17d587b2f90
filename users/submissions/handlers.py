"""
Step 10 of the road: outcome events become outcomes of requests and commands.

What the ledger says of accounts (`account_opened`, `account_frozen`, `account_unfrozen`,
`account_closed`) has no handler: nothing here depends on it.
"""

from typing import Any, TypeVar

from common.events.contracts import (
    OutcomeEvent,
    TransactionAuthorisedV1,
    TransactionCommandRejectedV1,
    TransactionExpiredV1,
    TransactionPostedV1,
    TransactionRejectedV1,
    TransactionReversedV1,
    TransactionVoidedV1,
)
from common.inbox.wiring import Effect, Received
from users.submissions.command_outcomes import CommandOutcome
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.outcomes import Outcome
from users.submissions.road import Road

_STATUS = TransactionRequest.Status
_CAPTURE = TransactionRequest.Capture
_COMMAND = TransactionCommand.Type

Told = TypeVar("Told", bound=OutcomeEvent)


def on_transaction_authorised(received: Received) -> Effect:
    """The money is held; the request is not settled before the hold is."""
    event = _told(received, TransactionAuthorisedV1)
    return _adding(
        Outcome(
            **_facts(event, received),
            before=_STATUS.PENDING,
            status=_STATUS.AUTHORISED,
            decided_at=event.decided_at,
            amount=event.amount,
            currency=event.currency,
            capture=_CAPTURE.MANUAL,
            asked_amount=event.amount,
        )
    )


def on_transaction_posted(received: Received) -> Effect:
    """The money moved: all of it at once, or what a command has captured of a hold."""
    event = _told(received, TransactionPostedV1)
    at_once = event.command_id is None
    return _adding(
        Outcome(
            **_facts(event, received),
            before=_STATUS.PENDING if at_once else _STATUS.AUTHORISED,
            status=_STATUS.POSTED,
            decided_at=event.decided_at,
            settled_at=event.decided_at,
            amount=event.amount,
            currency=event.currency,
            capture=_CAPTURE.AUTOMATIC if at_once else _CAPTURE.MANUAL,
            asked_amount=event.amount if at_once else None,
            captured_amount=event.amount,
            command_id=event.command_id,
            command_type=None if at_once else _COMMAND.CAPTURE,
        )
    )


def on_transaction_rejected(received: Received) -> Effect:
    """The ledger refused."""
    event = _told(received, TransactionRejectedV1)
    return _adding(
        Outcome(
            **_facts(event, received),
            before=_STATUS.PENDING,
            status=_STATUS.REJECTED,
            decided_at=event.decided_at,
            settled_at=event.decided_at,
            rejection_code=event.code,
        )
    )


def on_transaction_voided(received: Received) -> Effect:
    """A hold was released by a command."""
    event = _told(received, TransactionVoidedV1)
    return _adding(_released(received, event, _STATUS.VOIDED, _COMMAND.VOID))


def on_transaction_expired(received: Received) -> Effect:
    """A hold was released because its deadline was over."""
    event = _told(received, TransactionExpiredV1)
    return _adding(_released(received, event, _STATUS.EXPIRED, _COMMAND.EXPIRY))


def on_transaction_reversed(received: Received) -> Effect:
    """Money went back, for the first time or once more."""
    event = _told(received, TransactionReversedV1)
    first = event.amount == event.reversed_amount
    return _adding(
        Outcome(
            **_facts(event, received),
            before=_STATUS.POSTED if first else _STATUS.PARTIALLY_REVERSED,
            status=event.state,
            decided_at=event.decided_at,
            amount=event.amount,
            currency=event.currency,
            reversed_amount=event.reversed_amount,
            command_id=event.command_id,
            command_type=_COMMAND.REVERSE,
        )
    )


def on_transaction_command_rejected(received: Received) -> Effect:
    """The ledger refused a command; the transaction is what it was."""
    event = _told(received, TransactionCommandRejectedV1)
    refusal = CommandOutcome(
        **_facts(event, received),
        command_id=event.command_id,
        type=None,
        rejection_code=event.code,
        applied_amount=None,
        settled_at=event.decided_at,
    )
    return lambda batch: batch.refuse(refusal)


def _adding(outcome: Outcome) -> Effect:
    return lambda batch: batch.add(outcome)


def _released(
    received: Received, event: TransactionVoidedV1 | TransactionExpiredV1, status: str, by: str
) -> Outcome:
    return Outcome(
        **_facts(event, received),
        before=_STATUS.AUTHORISED,
        status=status,
        decided_at=event.decided_at,
        settled_at=event.decided_at,
        amount=event.amount,
        currency=event.currency,
        asked_amount=event.amount,
        command_id=event.command_id,
        command_type=by,
    )


def _facts(event: OutcomeEvent, received: Received) -> dict[str, Any]:
    """What every outcome says."""
    return {
        "transaction_id": event.transaction_id,
        "user_id": received.envelope.stream,
        "actor": received.envelope.actor,
        "road": Road.of(event, received),
    }


def _told(received: Received, kind: type[Told]) -> Told:
    event = received.event
    if not isinstance(event, kind):
        raise TypeError(f"wired to {received.envelope.type}")
    return event
