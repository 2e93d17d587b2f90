"""What the engine answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from transactions.ledger.engine.accounts import AccountState
from transactions.ledger.engine.commands import Command

State = Literal["posted", "rejected"]


class Refusal(StrEnum):
    """Why the ledger says no; the codes are part of the API."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_CLOSED = "account_closed"
    CURRENCY_UNSUPPORTED = "currency_unsupported"
    CAPTURE_UNSUPPORTED = "capture_unsupported"
    BALANCE_LIMIT_EXCEEDED = "balance_limit_exceeded"


class Leg(NamedTuple):
    """
    One posting to write. `balance_after` is the wallet's posted balance, None for the house.
    """

    account: AccountState
    direction: Literal["debit", "credit"]
    layer: Literal["posted", "pending"]
    amount: int
    balance_after: int | None


class Decision(NamedTuple):
    """
    The outcome of one command: `from_state` is empty for a new transaction.

    A refusal has a code and no legs.
    """

    command: Command
    from_state: str
    to_state: State
    code: str
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Decisions:
    """One decision for each command, in order, and the accounts as they are afterwards."""

    outcomes: list[Decision]
    accounts: list[AccountState]
