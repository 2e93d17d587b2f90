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
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Kind = Literal["transfer", "withdrawal", "deposit"]
Capture = Literal["automatic", "manual"]

JOURNAL_STREAM = UUID("6a0e6c1c-7c0a-5d0f-9d5e-0b6a4f9f2f10")
"""The stream of what the ledger says of itself and not of a user."""


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


class UserSuspendedV1(Event, frozen=True, kw_only=True):
    """Staff locked somebody out. Stream: the user. Producer: users. Consumer: transactions."""

    TYPE: ClassVar[str] = "user_suspended.v1"

    user_id: UUID
    status: Literal["suspended"]
    suspended_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class UserReinstatedV1(Event, frozen=True, kw_only=True):
    """
    Somebody is active again, after a suspension or because closing was refused.

    Stream: the user. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "user_reinstated.v1"

    user_id: UUID
    status: Literal["active"]
    reinstated_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class UserCloseRequestedV1(Event, frozen=True, kw_only=True):
    """
    Somebody asked to be closed; the ledger answers with `user_close_decided`.

    Stream: the user. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "user_close_requested.v1"

    user_id: UUID
    status: Literal["closing"]
    requested_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class UserCloseRefusedV1(Event, frozen=True, kw_only=True):
    """
    Somebody without a verified address stays, because closing was refused.

    Who was active before is told of by `user_reinstated`, who was suspended by
    `user_suspended`. Stream: the user. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "user_close_refused.v1"

    user_id: UUID
    status: Literal["pending_verification"]
    refused_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class UserClosedV1(Event, frozen=True, kw_only=True):
    """Somebody is closed for good. Stream: the user. Producer: users. Consumer: transactions."""

    TYPE: ClassVar[str] = "user_closed.v1"

    user_id: UUID
    status: Literal["closed"]
    closed_at: Moment

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


class TransactionCommandEvent(TransactionEvent, frozen=True, kw_only=True):
    """Something is to be done with a transaction; the ledger transaction has the command's id."""

    command_id: UUID
    accepted_at: Moment


class TransactionCaptureRequestedV1(TransactionCommandEvent, frozen=True, kw_only=True):
    """
    A hold is to be captured; without an amount, all of it.

    Stream: the user of the request. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "transaction_capture_requested.v1"

    requested_by: UUID
    amount: MinorUnits | None = None  # of the hold's currency


class TransactionVoidRequestedV1(TransactionCommandEvent, frozen=True, kw_only=True):
    """
    A hold is to be released.

    Stream: the user of the request. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "transaction_void_requested.v1"

    requested_by: UUID


class TransactionReversalRequestedV1(TransactionCommandEvent, frozen=True, kw_only=True):
    """
    Money is to go back; without an amount, all that was not reversed yet.

    Stream: the user of the request. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "transaction_reversal_requested.v1"

    requested_by: UUID
    amount: MinorUnits | None = None  # of the original's currency
    reason: str | None = None


class TransactionExpiryDueV1(TransactionCommandEvent, frozen=True, kw_only=True):
    """
    A hold's deadline is over; the ledger reads no clock and learns of it here.

    Stream: the user of the request. Producer: users. Consumer: transactions.
    """

    TYPE: ClassVar[str] = "transaction_expiry_due.v1"


class Cause(Struct, frozen=True, kw_only=True):
    """The event that led to an outcome, as its consumer met it; for the timeline."""

    event_id: UUID
    partition: int
    offset: int
    published_at: Moment


class PostedLeg(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One posting of a transaction; its amount is positive, `direction` tells.

    What is held or released is on the `pending` layer.
    """

    account_id: UUID
    direction: Literal["debit", "credit"]
    amount: MinorUnits
    layer: Literal["posted", "pending"] = "posted"


class OutcomeEvent(TransactionEvent, frozen=True, kw_only=True):
    """What the ledger decided about a transaction, when, and because of which event."""

    cause: Cause
    consumed_at: Moment
    decided_at: Moment


class TransactionPostedV1(OutcomeEvent, frozen=True, kw_only=True, omit_defaults=True):
    """
    The money moved; after a hold, `amount` is what was captured, by `command_id`.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_posted.v1"

    amount: MinorUnits
    currency: Currency
    postings: list[PostedLeg]
    command_id: UUID | None = None


class TransactionAuthorisedV1(OutcomeEvent, frozen=True, kw_only=True):
    """
    The money is held and can be captured.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_authorised.v1"

    amount: MinorUnits
    currency: Currency
    postings: list[PostedLeg]


class TransactionVoidedV1(OutcomeEvent, frozen=True, kw_only=True):
    """
    A hold was released by a command; `amount` is all that was held.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_voided.v1"

    command_id: UUID
    amount: MinorUnits
    currency: Currency
    postings: list[PostedLeg]


class TransactionExpiredV1(OutcomeEvent, frozen=True, kw_only=True):
    """
    A hold was released because its deadline was over; `amount` is all that was held.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_expired.v1"

    command_id: UUID
    amount: MinorUnits
    currency: Currency
    postings: list[PostedLeg]


class TransactionReversedV1(OutcomeEvent, frozen=True, kw_only=True):
    """
    Money went back: `amount` by this command, `reversed_amount` by all of them so far.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_reversed.v1"

    command_id: UUID
    state: Literal["partially_reversed", "reversed"]
    amount: MinorUnits
    reversed_amount: MinorUnits
    currency: Currency
    postings: list[PostedLeg]


class TransactionCommandRejectedV1(OutcomeEvent, frozen=True, kw_only=True):
    """
    The ledger refused a command, and nothing changed; `code` says why.

    `state` is what the transaction is in, `unknown` when the ledger has no such transaction.

    Stream: the user of the request. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "transaction_command_rejected.v1"

    command_id: UUID
    code: Code
    state: Code


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


class AccountFrozenV1(Event, frozen=True, kw_only=True):
    """
    Staff froze a wallet: nothing leaves it.

    Stream: its owner. Producer: transactions. Consumer: users, which only skips it.
    """

    TYPE: ClassVar[str] = "account_frozen.v1"

    account_id: UUID
    owner: UUID
    currency: Currency
    frozen_at: Moment

    @property
    def subject(self) -> UUID:
        return self.account_id


class AccountUnfrozenV1(Event, frozen=True, kw_only=True):
    """
    Staff ended the freeze of a wallet.

    Stream: its owner. Producer: transactions. Consumer: users, which only skips it.
    """

    TYPE: ClassVar[str] = "account_unfrozen.v1"

    account_id: UUID
    owner: UUID
    currency: Currency
    unfrozen_at: Moment

    @property
    def subject(self) -> UUID:
        return self.account_id


class AccountClosedV1(Event, frozen=True, kw_only=True):
    """
    A wallet was closed: nothing moves on it any more.

    Stream: its owner. Producer: transactions. Consumer: users, which only skips it.
    """

    TYPE: ClassVar[str] = "account_closed.v1"

    account_id: UUID
    owner: UUID
    currency: Currency
    closed_at: Moment

    @property
    def subject(self) -> UUID:
        return self.account_id


class UserCloseDecidedV1(Event, frozen=True, kw_only=True):
    """
    The ledger closed all wallets of a user, or none; a refusal has a code.

    Stream: the user. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "user_close_decided.v1"

    user_id: UUID
    closed: bool
    code: Code | None
    cause: Cause
    consumed_at: Moment
    decided_at: Moment

    @property
    def subject(self) -> UUID:
        return self.user_id


class JournalSealedV1(Event, frozen=True, kw_only=True):
    """
    Journal entries were sealed; who keeps the digest can tell if the books are rewritten.

    Stream: the ledger's own. Producer: transactions. Consumer: users.
    """

    TYPE: ClassVar[str] = "journal_sealed.v1"

    number: Annotated[int, Meta(gt=0)]  # of the seal, without gaps
    entries: Annotated[int, Meta(gt=0)]  # under this seal
    last_sequence: Annotated[int, Meta(gt=0)]  # of the last entry under it
    previous: Digest  # of the seal before; zeros for the first
    digest: Digest
    sealed_at: Moment

    @property
    def subject(self) -> UUID:
        return JOURNAL_STREAM


EVENT_TYPES: dict[str, type[Event]] = {
    event.TYPE: event
    for event in (
        UserRegisteredV1,
        UserActivatedV1,
        UserSuspendedV1,
        UserReinstatedV1,
        UserCloseRefusedV1,
        UserCloseRequestedV1,
        UserClosedV1,
        TransactionCreatedV1,
        TransactionCaptureRequestedV1,
        TransactionVoidRequestedV1,
        TransactionReversalRequestedV1,
        TransactionExpiryDueV1,
        TransactionAuthorisedV1,
        TransactionPostedV1,
        TransactionRejectedV1,
        TransactionVoidedV1,
        TransactionExpiredV1,
        TransactionReversedV1,
        TransactionCommandRejectedV1,
        AccountOpenedV1,
        AccountFrozenV1,
        AccountUnfrozenV1,
        AccountClosedV1,
        UserCloseDecidedV1,
        JournalSealedV1,
    )
}
"""Every event version that exists, by its `ce_type`."""
