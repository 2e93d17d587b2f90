"""What the ledger is asked to do."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from transactions.ledger.engine.accounts import AccountKey
from transactions.ledger.engine.transactions import OriginalKind


class Source(NamedTuple):
    """
    The event behind a command and where it was met.

    It is recorded and not judged, but for `stream`: a command reaches only transactions of its
    own stream. `actor` is `user:<id>`, `staff:<id>` or `system:<name>`.
    """

    event_id: UUID
    stream: UUID
    sequence: int
    partition: int
    offset: int
    published_at: datetime
    consumed_at: datetime
    actor: str
    correlation_id: str
    traceparent: str | None


class Create(NamedTuple):
    """
    Move `amount` minor units from `debit` to `credit`.

    With `hold_expires_at` the money is only held, and can be captured before that moment.
    """

    transaction_id: UUID
    kind: OriginalKind
    debit: AccountKey
    credit: AccountKey
    amount: int
    currency: str
    requested_by: UUID
    accepted_at: datetime
    source: Source
    hold_expires_at: datetime | None = None

    @property
    def recorded_as(self) -> UUID:
        """The id of the ledger transaction that this becomes."""
        return self.transaction_id


class Capture(NamedTuple):
    """Move the money of a hold; without an amount, all of it. What is left is released."""

    command_id: UUID
    transaction_id: UUID
    requested_by: UUID
    accepted_at: datetime
    source: Source
    amount: int | None = None

    @property
    def recorded_as(self) -> UUID:
        """The id of the ledger transaction that this becomes."""
        return self.command_id

    @property
    def kind(self) -> Literal["capture"]:
        return "capture"


class Void(NamedTuple):
    """Release a hold."""

    command_id: UUID
    transaction_id: UUID
    requested_by: UUID
    accepted_at: datetime
    source: Source

    @property
    def recorded_as(self) -> UUID:
        """The id of the ledger transaction that this becomes."""
        return self.command_id

    @property
    def kind(self) -> Literal["void"]:
        return "void"

    @property
    def amount(self) -> None:
        return None


class Expire(NamedTuple):
    """Release a hold whose deadline is over. Nobody asks for that: time does."""

    command_id: UUID
    transaction_id: UUID
    accepted_at: datetime
    source: Source

    @property
    def recorded_as(self) -> UUID:
        """The id of the ledger transaction that this becomes."""
        return self.command_id

    @property
    def kind(self) -> Literal["expiry"]:
        return "expiry"

    @property
    def amount(self) -> None:
        return None

    @property
    def requested_by(self) -> None:
        return None


class Reverse(NamedTuple):
    """Move money back; without an amount, all that did not go back yet."""

    command_id: UUID
    transaction_id: UUID
    requested_by: UUID
    accepted_at: datetime
    source: Source
    amount: int | None = None

    @property
    def recorded_as(self) -> UUID:
        """The id of the ledger transaction that this becomes."""
        return self.command_id

    @property
    def kind(self) -> Literal["reversal"]:
        return "reversal"


FollowUp = Capture | Void | Expire | Reverse
"""Commands to a transaction that exists, its original."""

Command = Create | FollowUp
