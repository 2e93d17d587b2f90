"""Step 1 of the road: what is said about requests and commands that were accepted."""

from typing import cast

from common.events.contracts import (
    Capture,
    Kind,
    Party,
    SystemAccount,
    TransactionCaptureRequestedV1,
    TransactionCommandEvent,
    TransactionCreatedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
    Wallet,
)
from users.submissions.models import TransactionCommand, TransactionRequest

_CASH = SystemAccount(role="cash_clearing")


def transaction_created(request: TransactionRequest) -> TransactionCreatedV1:
    """The event of an accepted request."""
    debit, credit = _parties(request)
    return TransactionCreatedV1(
        transaction_id=request.id,
        kind=cast("Kind", request.kind),
        requested_by=request.requested_by_id,
        debit_party=debit,
        credit_party=credit,
        amount=request.amount,
        currency=request.currency,
        capture=cast("Capture", request.capture),
        accepted_at=request.accepted_at,
        hold_expires_at=request.hold_expires_at,
        reference=request.reference,
        description=request.description,
        metadata=request.metadata,
    )


def command_requested(command: TransactionCommand) -> TransactionCommandEvent:
    """The event of a command that somebody asked for."""
    if command.requested_by_id is None:
        raise ValueError("nobody asks for an expiry")
    who = {
        "transaction_id": command.transaction_id,
        "command_id": command.id,
        "requested_by": command.requested_by_id,
    }
    match command.type:
        case TransactionCommand.Type.CAPTURE:
            return TransactionCaptureRequestedV1(
                **who, accepted_at=command.accepted_at, amount=command.amount
            )
        case TransactionCommand.Type.VOID:
            return TransactionVoidRequestedV1(**who, accepted_at=command.accepted_at)
        case _:
            return TransactionReversalRequestedV1(
                **who,
                accepted_at=command.accepted_at,
                amount=command.amount,
                reason=command.reason,
            )


def expiry_due(command: TransactionCommand) -> TransactionExpiryDueV1:
    """The event of a hold whose deadline is over."""
    return TransactionExpiryDueV1(
        transaction_id=command.transaction_id,
        command_id=command.id,
        accepted_at=command.accepted_at,
    )


def _parties(request: TransactionRequest) -> tuple[Party, Party]:
    """Who pays and who receives."""
    wallet = Wallet(user_id=request.user_id)
    if request.kind == TransactionRequest.Kind.DEPOSIT:
        return _CASH, wallet
    if request.counterparty_id is not None:
        return wallet, Wallet(user_id=request.counterparty_id)
    return wallet, _CASH
