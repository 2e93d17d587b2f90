"""The rules of new transactions."""

from common.money import EXPONENTS
from transactions.ledger.engine.account_rules import (
    entering_refusal,
    spending_refusal,
    total_refusal,
)
from transactions.ledger.engine.book import Book
from transactions.ledger.engine.commands import Create
from transactions.ledger.engine.decisions import Decision, Refusal


def create(book: Book, command: Create) -> Decision:
    """Move the money at once, or hold it if the command says until when."""
    is_hold = command.hold_expires_at is not None
    refusal = _refusal(book, command, is_hold=is_hold)
    if refusal is not None:
        return Decision(command, "rejected", refusal.value, ())
    if is_hold:
        legs = book.hold(command.debit, command.credit, command.amount)
        return Decision(command, "authorised", "", legs)
    legs = book.move(command.debit, command.credit, command.amount)
    return Decision(command, "posted", "", legs)


def _refusal(book: Book, command: Create, *, is_hold: bool) -> Refusal | None:
    if command.currency not in EXPONENTS:
        return Refusal.CURRENCY_UNSUPPORTED
    amount = command.amount
    debit, credit = book.account(command.debit), book.account(command.credit)
    return (
        spending_refusal(debit, amount)
        or total_refusal(debit.debits_pending if is_hold else debit.debits_posted, amount)
        or entering_refusal(credit)
        or total_refusal(credit.credits_pending if is_hold else credit.credits_posted, amount)
    )
