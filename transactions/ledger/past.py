"""A made-up past goes through the engine and into the books as events of users would have."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.outbox.append import NewEvent
from transactions.ledger import accounts, originals, posting
from transactions.ledger.engine import (
    Command,
    Decision,
    accounts_touched,
    decide,
    transactions_touched,
)
from transactions.ledger.events import accounts_opened_events, outcome_events


class Recorded(NamedTuple):
    """What was decided, and the events that tell of opened wallets and of outcomes."""

    outcomes: list[Decision]
    opened: list[NewEvent]
    told: list[NewEvent]


def ledger_past_apply(*, commands: Sequence[Command], at: datetime) -> Recorded:
    """
    Decide and record commands as of a moment, in the caller's transaction; announces nothing.

    The moment must be later than anything recorded on these wallets. See `ledger_apply`.
    """
    transactions = originals.originals_lock(ids=transactions_touched(commands))
    touched = accounts_touched(commands, transactions)
    opened = accounts.accounts_open(keys=touched, opened_at=at)
    locked = accounts.accounts_lock(keys=touched, house_exact=False)
    decisions = decide(accounts=locked.by_key, transactions=transactions, commands=commands)
    posting.decisions_record(decisions, accounts=locked.by_key, recorded_at=at)
    originals.originals_update(decisions.transactions)
    accounts.wallets_update(decisions.accounts, recorded_at=at)
    accounts.house_update(decisions.accounts, before=locked.by_key, recorded_at=at)
    return Recorded(
        decisions.outcomes,
        list(accounts_opened_events(opened, commands)),
        list(outcome_events(decisions.outcomes, decided_at=at)),
    )
