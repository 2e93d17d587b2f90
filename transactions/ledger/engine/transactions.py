"""Ledger transactions as the engine sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from transactions.ledger.engine.accounts import AccountKey

OriginalKind = Literal["transfer", "withdrawal", "deposit"]
ChildKind = Literal["capture", "void", "expiry", "reversal"]
State = Literal[
    "authorised", "posted", "rejected", "voided", "expired", "partially_reversed", "reversed"
]

_CHILD_KINDS = frozenset({"capture", "void", "expiry", "reversal"})


class Terms(NamedTuple):
    """Who is debited, who is credited, and how many minor units."""

    debit: AccountKey
    credit: AccountKey
    amount: int


@dataclass(slots=True)
class TransactionState:
    """
    A ledger transaction: an original, or the child that a command to an original left.

    None is what a refused one does not have: a discarded request may lack everything, and what
    names no account of the books has no parties. `hold_expires_at` is None without a hold.
    Amounts are minor units; `captured_amount` is what moved, `reversed_amount` what went back.
    """

    id: UUID
    kind: OriginalKind | ChildKind | None
    state: State
    stream: UUID
    debit: AccountKey | None
    credit: AccountKey | None
    amount: int | None
    currency: str | None
    hold_expires_at: datetime | None = None
    captured_amount: int = 0
    reversed_amount: int = 0

    @property
    def is_child(self) -> bool:
        return self.kind in _CHILD_KINDS

    @property
    def can_change(self) -> bool:
        """Whether some command may still move money of it."""
        return not self.is_child and self.state in {"authorised", "posted", "partially_reversed"}

    @property
    def reversible_amount(self) -> int:
        """What moved and did not go back yet."""
        return self.captured_amount - self.reversed_amount

    @property
    def terms(self) -> Terms:
        """What moves between whom. Raises `ValueError` for a refused one that lacks any of it."""
        if self.debit is None or self.credit is None or self.amount is None:
            raise ValueError(f"the {self.state} transaction {self.id} has no terms")
        return Terms(self.debit, self.credit, self.amount)

    def copy(self) -> "TransactionState":
        return TransactionState(
            self.id,
            self.kind,
            self.state,
            self.stream,
            self.debit,
            self.credit,
            self.amount,
            self.currency,
            self.hold_expires_at,
            self.captured_amount,
            self.reversed_amount,
        )
