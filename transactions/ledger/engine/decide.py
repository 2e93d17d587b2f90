"""One pass over the commands of a batch, each judged by the rules of its kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from common.money import EXPONENTS
from transactions.ledger.engine.accounts import AccountKey, AccountState
from transactions.ledger.engine.book import Book
from transactions.ledger.engine.children import without_original
from transactions.ledger.engine.commands import (
    Capture,
    Command,
    Create,
    Expire,
    FollowUp,
    Reverse,
    Void,
)
from transactions.ledger.engine.creating import create
from transactions.ledger.engine.decisions import Decision, Decisions
from transactions.ledger.engine.holds import capture, expire, void
from transactions.ledger.engine.reversing import reverse
from transactions.ledger.engine.transactions import State, TransactionState

_RULES: dict[type, Callable[[Book, Any, TransactionState], Decision]] = {
    Capture: capture,
    Void: void,
    Expire: expire,
    Reverse: reverse,
}


def transactions_touched(commands: Sequence[Command]) -> set[UUID]:
    """The transactions that commands are about, of which some may not exist."""
    return {command.transaction_id for command in commands if not isinstance(command, Create)}


def accounts_touched(
    commands: Sequence[Command], transactions: Mapping[UUID, TransactionState]
) -> set[AccountKey]:
    """
    The accounts that must exist before `decide` can judge these commands.

    `transactions` are those of `transactions_touched` that exist.
    """
    touched: set[AccountKey] = set()
    for command in commands:
        if isinstance(command, Create):
            if command.currency in EXPONENTS:
                touched.add(command.debit)
                touched.add(command.credit)
        else:
            original = transactions.get(command.transaction_id)
            if original is not None and original.can_change:
                touched.update(original.terms[:2])
    return touched


def decide(
    *,
    accounts: Mapping[AccountKey, AccountState],
    transactions: Mapping[UUID, TransactionState],
    commands: Sequence[Command],
) -> Decisions:
    """
    Judge commands one after the other, each on what those before it left.

    `accounts` has every account of `accounts_touched`, `transactions` every transaction of
    `transactions_touched` that exists; neither is changed. A business refusal is a decision,
    never an exception.
    """
    book = Book(accounts, transactions)
    touched = transactions_touched(commands)
    outcomes = []
    for command in commands:
        outcome = (
            create(book, command) if isinstance(command, Create) else _follow_up(book, command)
        )
        outcomes.append(outcome)
        if touched and command.recorded_as in touched:
            book.enter(_recorded(outcome))
    return Decisions(
        outcomes=outcomes,
        accounts=book.changed_accounts(),
        transactions=book.changed_transactions(),
        created=book.created,
    )


def _follow_up(book: Book, command: FollowUp) -> Decision:
    original = book.transaction(command.transaction_id)
    # Whoever may write to one stream must not reach the transactions of another.
    if original is None or original.stream != command.source.stream:
        return without_original(command)
    return _RULES[type(command)](book, command, original)


def _recorded(outcome: Decision) -> TransactionState:
    """The ledger transaction that a decision leaves."""
    command, child = outcome.command, outcome.child
    if child is None:
        return _created(cast("Create", command), outcome.state)
    return TransactionState(
        id=command.recorded_as,
        kind=child.kind,
        state=outcome.state,
        stream=command.source.stream,
        debit=child.debit,
        credit=child.credit,
        amount=child.amount,
        currency=child.currency,
    )


def _created(command: Create, state: State) -> TransactionState:
    return TransactionState(
        id=command.transaction_id,
        kind=command.kind,
        state=state,
        stream=command.source.stream,
        debit=command.debit,
        credit=command.credit,
        amount=command.amount,
        currency=command.currency,
        hold_expires_at=command.hold_expires_at,
        captured_amount=command.amount if state == "posted" else 0,
    )
