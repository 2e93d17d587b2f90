"""What the ledger is asked to do."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from transactions.ledger.engine.accounts import AccountKey


class Source(NamedTuple):
    """
    The event behind a command and where it was met; recorded, never judged.

    `actor` is `user:<id>`, `staff:<id>` or `system:<name>`.
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

    `capture` says whether the money moves at once or is held first. `reference` is the
    client's own; recorded, never judged.
    """

    transaction_id: UUID
    kind: Literal["transfer", "withdrawal", "deposit"]
    debit: AccountKey
    credit: AccountKey
    amount: int
    currency: str
    capture: Literal["automatic", "manual"]
    requested_by: UUID
    accepted_at: datetime
    source: Source
    reference: str | None = None


Command = Create
"""Any command; captures, voids and reversals join here."""
