"""
Step 7 of the road: the ledger's decisions, as a pure function in plain Python.

It reads no clock, no database and no settings: the same accounts and commands always lead to
the same decisions, so a replay decides the same.
"""

from transactions.ledger.engine.accounts import AccountKey, AccountState, AccountStatus
from transactions.ledger.engine.commands import Command, Create, Source
from transactions.ledger.engine.decide import accounts_touched, decide
from transactions.ledger.engine.decisions import Decision, Decisions, Leg, Refusal

__all__ = [
    "AccountKey",
    "AccountState",
    "AccountStatus",
    "Command",
    "Create",
    "Decision",
    "Decisions",
    "Leg",
    "Refusal",
    "Source",
    "accounts_touched",
    "decide",
]
