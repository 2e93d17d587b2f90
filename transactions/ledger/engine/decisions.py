"""What the engine answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple
from uuid import UUID

from transactions.ledger.engine.accounts import AccountKey, AccountState
from transactions.ledger.engine.commands import Command
from transactions.ledger.engine.transactions import ChildKind, State, TransactionState

UNKNOWN: Final = "unknown"
"""The state of a transaction that the ledger does not have."""


class Refusal(StrEnum):
    """Why the ledger says no; the codes are part of the API."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_CLOSED = "account_closed"
    CURRENCY_UNSUPPORTED = "currency_unsupported"
    BALANCE_LIMIT_EXCEEDED = "balance_limit_exceeded"
    TRANSACTION_UNKNOWN = "transaction_unknown"
    NOT_AUTHORISED = "not_authorised"
    ALREADY_CAPTURED = "already_captured"
    ALREADY_VOIDED = "already_voided"
    HOLD_EXPIRED = "hold_expired"
    HOLD_NOT_EXPIRED = "hold_not_expired"
    EXCEEDS_HOLD = "exceeds_hold"
    NOT_REVERSIBLE = "not_reversible"
    EXCEEDS_ORIGINAL = "exceeds_original"


class Leg(NamedTuple):
    """
    One posting to write.

    `balance_after` is the wallet's posted balance, on the pending layer what its open holds
    would take; None for the house.
    """

    account: AccountState
    direction: Literal["debit", "credit"]
    layer: Literal["posted", "pending"]
    amount: int
    balance_after: int | None


class Child(NamedTuple):
    """
    The ledger transaction of a command to an original, beside what the command itself says.

    `amount` is what was captured, released or reversed; of a refusal what was asked for, the
    original's amount when none was named. `debit` and `credit` are those of its posted legs,
    of a release those of the original. What hangs on the original is None if there is none.
    """

    kind: ChildKind
    amount: int | None
    currency: str | None
    debit: AccountKey | None
    credit: AccountKey | None
    pending_id: UUID | None
    reverses_id: UUID | None
    original_state: State | Literal["unknown"]
    """Of the original after the decision."""


class Change(NamedTuple):
    """What a command made of its original; the amounts are totals."""

    transaction_id: UUID
    from_state: State
    to_state: State
    captured_amount: int
    reversed_amount: int


class Decision(NamedTuple):
    """
    The outcome of one command: a new ledger transaction in its first state.

    A refusal has a code, no legs and no change. `child` is there for every command to an
    original, `change` for those that were not refused.
    """

    command: Command
    state: Literal["posted", "authorised", "rejected"]
    code: str
    legs: tuple[Leg, ...]
    child: Child | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """
    One decision for each command, in order, and everything as it is afterwards.

    `transactions` are those given that changed. `created` are those of this very batch that
    later commands of it may have changed, by id: their row is written once, in this state.
    """

    outcomes: list[Decision]
    accounts: list[AccountState]
    transactions: list[TransactionState]
    created: dict[UUID, TransactionState]
