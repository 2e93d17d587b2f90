"""
Event contracts: one frozen struct per event version.

A published class is never edited. An additive optional field keeps the version; anything else
is a new class beside the old, both emitted until nobody reads the old one. Facts are in the
past tense, complete for the consumer, and carry no personal data. What identifies the event
itself (id, source, stream, sequence, time) is in the headers: see envelope.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct

from common.money import AMOUNT_MAX

MinorUnits = Annotated[int, Meta(gt=0, le=AMOUNT_MAX)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z")]
Moment = Annotated[datetime, Meta(tz=True)]
Kind = Literal["transfer", "withdrawal", "deposit"]
Capture = Literal["automatic", "manual"]


class Event(Struct, frozen=True, kw_only=True):
    """Base of all events. `subject` is the id of what the fact is about (`ce_subject`)."""

    TYPE: ClassVar[str] = ""

    @property
    def subject(self) -> UUID:
        raise NotImplementedError


class Wallet(Struct, frozen=True, kw_only=True, tag_field="party", tag="user"):
    """A user's wallet in the currency of the transaction."""

    user_id: UUID


class SystemAccount(Struct, frozen=True, kw_only=True, tag_field="party", tag="system"):
    """An account of the house, by its role."""

    role: Literal["cash_clearing"]


Party = Wallet | SystemAccount


class UserRegisteredV1(Event, frozen=True, kw_only=True):
    """Somebody signed up. Stream: the user. Producer: users. Consumer: transactions."""

    TYPE: ClassVar[str] = "user_registered.v1"

    user_id: UUID
    status: Literal["pending_verification", "active"]
    registered_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class UserActivatedV1(Event, frozen=True, kw_only=True):
    """An address was verified. Stream: the user. Producer: users. Consumer: transactions."""

    TYPE: ClassVar[str] = "user_activated.v1"

    user_id: UUID
    status: Literal["active"]
    activated_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class TransactionEvent(Event, frozen=True, kw_only=True):
    """A fact about one transaction; its subject is the transaction."""

    transaction_id: UUID

    @property
    def subject(self) -> UUID:
        return self.transaction_id


class TransactionCreatedV1(TransactionEvent, frozen=True, kw_only=True):
    """A user asked for a transaction. Stream: the user. Producer: users. Consumer: transactions."""

    TYPE: ClassVar[str] = "transaction_created.v1"

    kind: Kind
    requested_by: UUID
    debit_party: Party
    credit_party: Party
    amount: MinorUnits  # of `currency`
    currency: Currency  # ISO 4217
    capture: Capture
    accepted_at: Moment
    hold_expires_at: Moment | None = None
    reference: str | None = None
    description: str | None = None
    metadata: dict[str, str] = {}


class Cause(Struct, frozen=True, kw_only=True):
    """The event that led to an outcome, as its consumer met it; for the timeline."""

    event_id: UUID
    partition: int
    offset: int
    published_at: Moment


class PostedLeg(Struct, frozen=True, kw_only=True):
    """One posting of a transaction; its amount is positive, `direction` tells."""

    account_id: UUID
    direction: Literal["debit", "credit"]
    amount: MinorUnits


class OutcomeEvent(TransactionEvent, frozen=True, kw_only=True):
    """What the ledger decided about a transaction, when, and because of which event."""

    cause: Cause
    consumed_at: Moment
    decided_at: Moment


class TransactionPostedV1(OutcomeEvent, frozen=True, kw_only=True):
    """The money moved. Stream: the user of the request. Producer: transactions. Consumer: users."""

    TYPE: ClassVar[str] = "transaction_posted.v1"

    amount: MinorUnits
    currency: Currency
    postings: list[PostedLeg]


class TransactionRejectedV1(OutcomeEvent, frozen=True, kw_only=True):
    """
    The ledger refused, and nothing moved; `code` says why.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_rejected.v1"

    code: Code


class AccountOpenedV1(Event, frozen=True, kw_only=True):
    """
    A wallet was opened on its first use.

    Stream: its owner. Producer: transactions. Consumer: users, which only skips it.
    """

    TYPE: ClassVar[str] = "account_opened.v1"

    account_id: UUID
    owner: UUID
    currency: Currency
    opened_at: Moment

    @property
    def subject(self) -> UUID:
        return self.account_id


EVENT_TYPES: dict[str, type[Event]] = {
    event.TYPE: event
    for event in (
        UserRegisteredV1,
        UserActivatedV1,
        TransactionCreatedV1,
        TransactionPostedV1,
        TransactionRejectedV1,
        AccountOpenedV1,
    )
}
"""Every event version that exists, by its `ce_type`."""
