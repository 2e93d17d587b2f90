"""Step 1 of the road: what is said about a request that was accepted."""

from typing import cast

from common.events.contracts import (
    Capture,
    Kind,
    Party,
    SystemAccount,
    TransactionCreatedV1,
    Wallet,
)
from users.submissions.models import TransactionRequest

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


def _parties(request: TransactionRequest) -> tuple[Party, Party]:
    """Who pays and who receives."""
    wallet = Wallet(user_id=request.user_id)
    if request.kind == TransactionRequest.Kind.DEPOSIT:
        return _CASH, wallet
    if request.counterparty_id is not None:
        return wallet, Wallet(user_id=request.counterparty_id)
    return wallet, _CASH
