"""
What the API answers with, as frozen values.

Amounts are minor units, moments are aware. The API may add members, which are ignored, and words
to its lists, so statuses and kinds are plain text.
"""

from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from common.client.problems import Problem

_PENDING = "pending"

Row = TypeVar("Row")


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as it was when it was asked about."""

    id: UUID
    kind: str
    status: str
    amount: int
    currency: str
    user: UUID
    capture: str
    captured_amount: int
    reversed_amount: int
    created_at: datetime
    counterparty: UUID | None = None
    hold_expires_at: datetime | None = None
    reference: str | None = None
    description: str | None = None
    metadata: dict[str, str] = {}
    rejection_code: str | None = None
    settled_at: datetime | None = None

    @property
    def is_decided(self) -> bool:
        """Whether the ledger has decided about it; what it holds can still be captured."""
        return self.status != _PENDING


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A capture, void or reversal; `amount` is None for all that remained, until applied."""

    id: UUID
    transaction_id: UUID
    type: str
    status: str
    created_at: datetime
    amount: int | None = None
    rejection_code: str | None = None
    settled_at: datetime | None = None

    @property
    def is_decided(self) -> bool:
        """Whether the ledger has applied or rejected it."""
        return self.status != _PENDING


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of one item of a batch: a transaction, or the problem that it has.

    `is_replay`: whether it was asked for before under the same key.
    """

    status: int
    transaction: Transaction | None = None
    problem: Problem | None = None
    is_replay: bool = False


class Balance(msgspec.Struct, frozen=True):
    """`pending` is what open holds would take, `available` what can be spent."""

    posted: int = 0
    pending: int = 0
    available: int = 0


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet as of a moment."""

    id: UUID
    owner: UUID
    currency: str
    status: str
    balance: Balance
    as_of: datetime


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """What changed a posted balance; `amount` is negative when money went out."""

    transaction_id: UUID
    kind: str
    amount: int
    balance_after: int
    recorded_at: datetime
    effective_at: datetime
    reference: str | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a wallet's statement, oldest first; the balances are of the page."""

    account: UUID
    currency: str
    opening_balance: int
    closing_balance: int
    lines: tuple[StatementLine, ...]
    has_more: bool
    next_cursor: str | None = None


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One leg; `balance_after` is told of your own wallets only."""

    account: UUID
    direction: str
    amount: int
    layer: str
    balance_after: int | None = None


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of state, as the ledger logged it."""

    sequence: int
    type: str
    from_state: str
    to_state: str
    code: str
    actor: str
    recorded_at: datetime
    hash: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The event that brought it to the ledger, and where Kafka keeps it."""

    event_id: UUID
    sequence: int
    partition: int
    offset: int


class LedgerTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What the books have of a transaction or of a command."""

    id: UUID
    state: str
    postings: tuple[Posting, ...]
    journal: tuple[JournalEntry, ...]
    source: Source
    kind: str | None = None
    amount: int | None = None
    currency: str | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Your own profile; `etag` names this version of it."""

    id: UUID
    email: str
    display_name: str
    status: str
    created_at: datetime
    etag: str = ""


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """A part of a list."""

    data: tuple[Row, ...]
    has_more: bool
    next_cursor: str | None = None


class SignedIn(msgspec.Struct, frozen=True):
    """The tokens that a sign-in gives."""

    user_id: UUID
    session_token: str
    access_token: str
    refresh_token: str
