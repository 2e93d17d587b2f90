"""The engine with a memory: what a database would keep between batches, in dictionaries."""

from collections import Counter
from uuid import UUID

from transactions.ledger.engine import (
    AccountKey,
    AccountState,
    Create,
    TransactionState,
    accounts_touched,
    decide,
    transactions_touched,
)
from transactions.ledger.engine.accounts import TOTAL_MAX

CURRENCIES = ("JPY", "EUR", "KWD")
USERS = [UUID(int=n) for n in range(1, 4)]
FULL = UUID(int=9)
"""Somebody whose totals have no room left for more than a little."""
OPENING = {AccountKey.wallet(FULL, currency): TOTAL_MAX - 10 for currency in CURRENCIES}


def opened_accounts():
    keys = [AccountKey.wallet(user, code) for user in [*USERS, FULL] for code in CURRENCIES]
    keys += [AccountKey.system("cash_clearing", code) for code in CURRENCIES]
    return {
        key: AccountState(
            UUID(int=number),
            key,
            debits_posted=OPENING.get(key, 0),
            credits_posted=OPENING.get(key, 0),
        )
        for number, key in enumerate(keys, 1_000)
    }


class Store:
    """What a database keeps between batches."""

    def __init__(self) -> None:
        self.accounts = opened_accounts()
        self.transactions = {}
        self.legs = Counter()

    def apply(self, commands):
        """Decide a batch on exactly what it touches, keep what comes of it, and say it."""
        touched = transactions_touched(commands)
        transactions = {key: self.transactions[key] for key in touched & set(self.transactions)}
        keys = accounts_touched(commands, transactions)
        decisions = decide(
            accounts={key: self.accounts[key] for key in keys},
            transactions=transactions,
            commands=commands,
        )
        self.transactions |= {state.id: state for state in decisions.transactions}
        for outcome in decisions.outcomes:
            row = self.row(outcome)
            self.transactions[row.id] = decisions.created.get(row.id, row)
            for leg in outcome.legs:
                self.legs[leg.account.key, leg.direction, leg.layer] += leg.amount
        self.accounts |= {state.key: state for state in decisions.accounts}
        return decisions.outcomes

    def row(self, outcome):
        command, child = outcome.command, outcome.child
        of = command if isinstance(command, Create) else child
        is_moved = isinstance(command, Create) and outcome.state == "posted"
        return TransactionState(
            id=command.recorded_as,
            kind=command.kind,
            state=outcome.state,
            stream=command.source.stream,
            debit=of.debit,
            credit=of.credit,
            amount=of.amount,
            currency=of.currency,
            hold_expires_at=getattr(command, "hold_expires_at", None),
            captured_amount=command.amount if is_moved else 0,
        )


def all_totals(state):
    """An account's totals: posted and pending, debits before credits."""
    return (
        state.debits_posted,
        state.credits_posted,
        state.debits_pending,
        state.credits_pending,
    )


def told(outcome):
    """All that a decision says, in values that can be compared with those of another run."""
    legs = [(leg.account.key, *leg[1:]) for leg in outcome.legs]
    return outcome.command, outcome.state, outcome.code, legs, outcome.child, outcome.change
