"""The rules of reversals: money goes back, in parts or at once, and never more than moved."""

from transactions.ledger.engine.account_rules import (
    entering_refusal,
    spending_refusal,
    total_refusal,
)
from transactions.ledger.engine.book import Book
from transactions.ledger.engine.children import applied, refused
from transactions.ledger.engine.commands import Reverse
from transactions.ledger.engine.decisions import Decision, Refusal
from transactions.ledger.engine.transactions import State, Terms, TransactionState

_REVERSIBLE = frozenset({"posted", "partially_reversed", "reversed"})


def reverse(book: Book, command: Reverse, original: TransactionState) -> Decision:
    """Move money back from who was credited to who was debited."""
    if original.is_child or original.state not in _REVERSIBLE:
        return refused(command, original, Refusal.NOT_REVERSIBLE)
    left = original.reversible_amount
    amount = left if command.amount is None else command.amount
    back = Terms(original.terms.credit, original.terms.debit, amount)
    refusal = Refusal.EXCEEDS_ORIGINAL if not 0 < amount <= left else _refusal(book, back)
    if refusal is not None:
        return refused(command, original, refusal)
    legs = book.move(*back)
    to_state: State = "reversed" if amount == left else "partially_reversed"
    change = book.change(original, to_state, reversed_=amount)
    return applied(command, original, amount=amount, legs=legs, change=change)


def _refusal(book: Book, back: Terms) -> Refusal | None:
    debit, credit = book.account(back.debit), book.account(back.credit)
    return (
        spending_refusal(debit, back.amount)
        or total_refusal(debit.debits_posted, back.amount)
        or entering_refusal(credit)
        or total_refusal(credit.credits_posted, back.amount)
    )
