"""The rules, command by command."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common.money import EXPONENTS
from transactions.ledger.engine.accounts import AccountKey, AccountState
from transactions.ledger.engine.book import Book, fits
from transactions.ledger.engine.commands import Command, Create
from transactions.ledger.engine.decisions import Decision, Decisions, Refusal


def accounts_touched(commands: Sequence[Command]) -> set[AccountKey]:
    """The accounts that must exist before `decide` can judge these commands."""
    touched: set[AccountKey] = set()
    for command in commands:
        if command.currency in EXPONENTS:
            touched.add(command.debit)
            touched.add(command.credit)
    return touched


def decide(
    *, accounts: Mapping[AccountKey, AccountState], commands: Sequence[Command]
) -> Decisions:
    """
    Judge commands one after the other, each on what those before it left.

    `accounts` has every account of `accounts_touched` and is not changed. A business refusal
    is a decision, never an exception.
    """
    book = Book(accounts)
    outcomes = [_RULES[type(command)](book, command) for command in commands]
    return Decisions(outcomes=outcomes, accounts=book.changed())


def _create(book: Book, command: Create) -> Decision:
    refusal = _create_refusal(book, command)
    if refusal is not None:
        return Decision(command, "", "rejected", refusal.value, ())
    legs = (
        book.debit(command.debit, command.amount),
        book.credit(command.credit, command.amount),
    )
    return Decision(command, "", "posted", "", legs)


def _create_refusal(book: Book, command: Create) -> Refusal | None:
    if command.currency not in EXPONENTS:
        return Refusal.CURRENCY_UNSUPPORTED
    if command.capture != "automatic":
        return Refusal.CAPTURE_UNSUPPORTED
    return _debit_refusal(book.account(command.debit), command.amount) or _credit_refusal(
        book.account(command.credit), command.amount
    )


def _debit_refusal(account: AccountState, amount: int) -> Refusal | None:
    if account.status == "closed":
        return Refusal.ACCOUNT_CLOSED
    if account.status == "frozen":
        return Refusal.ACCOUNT_FROZEN
    if account.is_wallet and account.available < amount:
        return Refusal.INSUFFICIENT_FUNDS
    return None if fits(account.debits_posted, amount) else Refusal.BALANCE_LIMIT_EXCEEDED


def _credit_refusal(account: AccountState, amount: int) -> Refusal | None:
    # A frozen wallet still takes money in: refusing would tell the payer of the freeze, and
    # what comes in cannot leave.
    if account.status == "closed":
        return Refusal.ACCOUNT_CLOSED
    return None if fits(account.credits_posted, amount) else Refusal.BALANCE_LIMIT_EXCEEDED


_RULES: dict[type, Callable[[Book, Any], Decision]] = {Create: _create}
