"""
Step 7 of the road: the ledger's decisions, as a pure function in plain Python.

It reads no clock, no database and no settings: the same accounts, transactions and commands
always lead to the same decisions, so a replay decides the same.
"""

from transactions.ledger.engine.accounts import AccountKey, AccountState, AccountStatus
from transactions.ledger.engine.commands import (
    Capture,
    Command,
    Create,
    Expire,
    FollowUp,
    Reverse,
    Source,
    Void,
)
from transactions.ledger.engine.decide import accounts_touched, decide, transactions_touched
from transactions.ledger.engine.decisions import Change, Child, Decision, Decisions, Leg, Refusal
from transactions.ledger.engine.transactions import TransactionState

__all__ = [
    "AccountKey",
    "AccountState",
    "AccountStatus",
    "Capture",
    "Change",
    "Child",
    "Command",
    "Create",
    "Decision",
    "Decisions",
    "Expire",
    "FollowUp",
    "Leg",
    "Refusal",
    "Reverse",
    "Source",
    "TransactionState",
    "Void",
    "accounts_touched",
    "decide",
    "transactions_touched",
]
