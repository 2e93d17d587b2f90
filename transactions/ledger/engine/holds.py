"""The rules of captures, voids and expiries: a hold resolves at most once."""

from datetime import datetime

from transactions.ledger.engine.account_rules import (
    entering_refusal,
    leaving_refusal,
    total_refusal,
)
from transactions.ledger.engine.book import Book
from transactions.ledger.engine.children import applied, refused
from transactions.ledger.engine.commands import Capture, Expire, Void
from transactions.ledger.engine.decisions import Decision, Refusal
from transactions.ledger.engine.transactions import State, Terms, TransactionState

_RESOLVED: dict[State, Refusal] = {
    "posted": Refusal.ALREADY_CAPTURED,
    "partially_reversed": Refusal.ALREADY_CAPTURED,
    "reversed": Refusal.ALREADY_CAPTURED,
    "voided": Refusal.ALREADY_VOIDED,
    "expired": Refusal.HOLD_EXPIRED,
    "rejected": Refusal.NOT_AUTHORISED,
}


def capture(book: Book, command: Capture, original: TransactionState) -> Decision:
    """Move the money of a hold and release what is left of it."""
    refusal = _open_refusal(original, command.accepted_at)
    if refusal is not None:
        return refused(command, original, refusal)
    held = original.terms
    moved = held if command.amount is None else held._replace(amount=command.amount)
    refusal = _capture_refusal(book, held, moved)
    if refusal is not None:
        return refused(command, original, refusal)
    legs = (*book.release(*held), *book.move(*moved))
    change = book.change(original, "posted", captured=moved.amount)
    return applied(command, original, amount=moved.amount, legs=legs, change=change)


def void(book: Book, command: Void, original: TransactionState) -> Decision:
    """Release a hold, whatever became of the accounts since."""
    refusal = _open_refusal(original, command.accepted_at)
    if refusal is not None:
        return refused(command, original, refusal)
    return _released(book, command, original, "voided")


def expire(book: Book, command: Expire, original: TransactionState) -> Decision:
    """Release a hold whose deadline is over."""
    refusal = _resolved_refusal(original)
    if refusal is None and not _is_late(original, command.accepted_at):
        refusal = Refusal.HOLD_NOT_EXPIRED
    if refusal is not None:
        return refused(command, original, refusal)
    return _released(book, command, original, "expired")


def _released(
    book: Book, command: Void | Expire, original: TransactionState, to_state: State
) -> Decision:
    held = original.terms
    legs = book.release(*held)
    change = book.change(original, to_state)
    return applied(command, original, amount=held.amount, legs=legs, change=change)


def _open_refusal(original: TransactionState, accepted_at: datetime) -> Refusal | None:
    refusal = _resolved_refusal(original)
    if refusal is None and _is_late(original, accepted_at):
        # The hold stays as it is: only an expiry, with a decision of its own, ends it.
        return Refusal.HOLD_EXPIRED
    return refusal


def _resolved_refusal(original: TransactionState) -> Refusal | None:
    return Refusal.NOT_AUTHORISED if original.is_child else _RESOLVED.get(original.state)


def _is_late(original: TransactionState, accepted_at: datetime) -> bool:
    # Never the clock: a command accepted in time counts however late it is consumed, and a
    # replay decides the same.
    return original.hold_expires_at is not None and accepted_at >= original.hold_expires_at


def _capture_refusal(book: Book, held: Terms, moved: Terms) -> Refusal | None:
    if moved.amount > held.amount:
        return Refusal.EXCEEDS_HOLD
    debit, credit = book.account(held.debit), book.account(held.credit)
    # Whether the money is there was judged when it was held.
    return (
        leaving_refusal(debit)
        or total_refusal(debit.debits_posted, moved.amount)
        or entering_refusal(credit)
        or total_refusal(credit.credits_posted, moved.amount)
    )
