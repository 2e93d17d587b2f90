"""What the tests of the ledger's engine judge on."""

from uuid import UUID

from tests.factories.commands import (
    HouseStateFactory,
    TransactionStateFactory,
    WalletStateFactory,
)
from tests.factories.events import ALICE, BOB
from transactions.ledger.engine import AccountKey, decide

ALICES = AccountKey.wallet(ALICE, "EUR")
BOBS = AccountKey.wallet(BOB, "EUR")
HOUSE = AccountKey.system("cash_clearing", "EUR")
HOLD = UUID(int=7)


def by_key(*states):
    return {state.key: state for state in states}


def books(*, alice=1_000, bob=0, bob_status="open", **alice_members):
    return by_key(
        WalletStateFactory(owner=ALICE, posted=alice, **alice_members),
        WalletStateFactory(owner=BOB, posted=bob, status=bob_status),
        HouseStateFactory(),
    )


def decided(*commands, accounts=None, transactions=()):
    """Decisions on commands, by books with 10.00 EUR of Alice unless told otherwise."""
    return decide(
        accounts=books() if accounts is None else accounts,
        transactions={state.id: state for state in transactions},
        commands=commands,
    )


def only(*commands, **known):
    """The decision on the last of these commands."""
    return decided(*commands, **known).outcomes[-1]


def told(outcome):
    """The legs of a decision, without their accounts."""
    return [tuple(leg[1:]) for leg in outcome.legs]


def totals(decisions, key):
    """What an account's totals are in the end: posted and pending, debits before credits."""
    (state,) = (state for state in decisions.accounts if state.key == key)
    return (
        state.debits_posted,
        state.credits_posted,
        state.debits_pending,
        state.credits_pending,
    )


def hold(**members):
    """A hold of 2.50 EUR of Alice for Bob that the ledger keeps already."""
    return TransactionStateFactory(id=HOLD, held=True, **members)


def holding(**members):
    """The books with that hold."""
    return by_key(
        WalletStateFactory(**{"posted": 1_000, "debits_pending": 250} | members),
        WalletStateFactory(owner=BOB, credits_pending=250),
    )


def of_hold(factory, **members):
    """A command to that hold."""
    return factory(transaction_id=HOLD, **members)
