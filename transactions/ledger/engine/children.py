"""The ledger transactions that commands to an original leave, applied or refused."""

from transactions.ledger.engine.commands import FollowUp, Reverse
from transactions.ledger.engine.decisions import (
    UNKNOWN,
    Change,
    Child,
    Decision,
    Leg,
    Refusal,
)
from transactions.ledger.engine.transactions import TransactionState


def applied(
    command: FollowUp,
    original: TransactionState,
    *,
    amount: int,
    legs: tuple[Leg, ...],
    change: Change,
) -> Decision:
    """The decision that a command is done; `amount` is what it moved or released."""
    child = _child(command, original, amount)._replace(original_state=change.to_state)
    return Decision(command, "posted", "", legs, child, change)


def refused(command: FollowUp, original: TransactionState, refusal: Refusal) -> Decision:
    """The decision that a command leaves its original as it is."""
    amount = original.amount if command.amount is None else command.amount
    child = _child(command, original, amount)
    return Decision(command, "rejected", refusal.value, (), child)


def without_original(command: FollowUp) -> Decision:
    """The decision on a command to a transaction that its stream does not have."""
    child = Child(command.kind, command.amount, None, None, None, None, None, UNKNOWN)
    return Decision(command, "rejected", Refusal.TRANSACTION_UNKNOWN.value, (), child)


def _child(command: FollowUp, original: TransactionState, amount: int | None) -> Child:
    is_reversal = isinstance(command, Reverse)
    return Child(
        kind=command.kind,
        amount=amount,
        currency=original.currency,
        debit=original.credit if is_reversal else original.debit,
        credit=original.debit if is_reversal else original.credit,
        pending_id=None if is_reversal else original.id,
        reverses_id=original.id if is_reversal else None,
        original_state=original.state,
    )
