"""What happened to a ledger, and how to let it happen again."""

from collections import Counter
from itertools import groupby
from typing import NamedTuple

from tests.unit.engine_store import Store, told
from transactions.ledger.engine import AccountKey, Create


class StatusChange(NamedTuple):
    """Staff changed the status of a wallet between two batches."""

    key: AccountKey
    status: str


def assert_is_whole(outcome):
    """Hold one decision against what is true of every decision."""
    is_refused = outcome.state == "rejected"
    is_create = isinstance(outcome.command, Create)
    assert is_refused == bool(outcome.code) == (not outcome.legs)
    assert (outcome.child is None) == is_create
    assert (outcome.change is None) == (is_create or is_refused)
    for layer in ("posted", "pending"):
        sums = Counter()
        for leg in outcome.legs:
            if leg.layer == layer:
                sums[leg.direction] += leg.amount
                assert leg.amount > 0
                assert (leg.balance_after is None) == (not leg.account.is_wallet)
        assert sums["debit"] == sums["credit"]


def replayed(history):
    """What a new ledger decides on the same history."""
    store, decisions = Store(), []
    for entry in history:
        if isinstance(entry, StatusChange):
            store.accounts[entry.key].status = entry.status
        else:
            decisions += [told(outcome) for outcome in store.apply(entry)]
    return decisions


def one_by_one(history):
    """The same history in batches of one command."""
    for entry in history:
        if isinstance(entry, StatusChange):
            yield entry
        else:
            yield from ([command] for command in entry)


def at_once(history):
    """The same history in batches as long as they can be."""
    for is_change, entries in groupby(history, lambda entry: isinstance(entry, StatusChange)):
        if is_change:
            yield from entries
        else:
            yield [command for batch in entries for command in batch]
