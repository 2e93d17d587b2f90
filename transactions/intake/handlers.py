"""Step 6 of the road: translate events of users into commands to the ledger."""

from datetime import datetime
from typing import cast
from uuid import UUID

from common.events.codec import EventInvalid
from common.events.contracts import (
    Party,
    SystemAccount,
    TransactionCaptureRequestedV1,
    TransactionCreatedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
    UserActivatedV1,
    UserClosedV1,
    UserCloseRefusedV1,
    UserCloseRequestedV1,
    UserRegisteredV1,
    UserReinstatedV1,
    UserSuspendedV1,
    Wallet,
)
from common.inbox.wiring import Effect, Received
from transactions.intake.batch import IntakeBatch
from transactions.intake.limits import TEXT_MAX, TRACEPARENT_MAX
from transactions.intake.moments import utc
from transactions.ledger.engine import (
    AccountKey,
    Capture,
    Command,
    Create,
    Expire,
    Reverse,
    Source,
    Void,
)

UserStatusEvent = (
    UserRegisteredV1
    | UserActivatedV1
    | UserSuspendedV1
    | UserReinstatedV1
    | UserCloseRefusedV1
    | UserCloseRequestedV1
    | UserClosedV1
)


def on_user_status(received: Received) -> Effect:
    """
    Remember the user's status, for display.

    Raises `EventInvalid` when the event is about another user than its stream.
    """
    event = cast("UserStatusEvent", received.event)
    if event.user_id != received.envelope.stream:
        raise EventInvalid("the user is not the one of this stream")
    return lambda batch: batch.hear_of(event.user_id, event.status)


def on_user_close_requested(received: Received) -> Effect:
    """Ask the ledger to close the user's wallets. Raises `EventInvalid` as `on_user_status`."""
    heard, source = on_user_status(received), _source(received)

    def close(batch: IntakeBatch) -> None:
        heard(batch)
        batch.close_user(source)

    return close


def on_transaction_created(received: Received) -> Effect:
    """
    Ask the ledger to move the money, or to hold it first.

    Raises `EventInvalid` when the parties do not fit the kind or the stream: then users would
    have signed something that no user asked for, and nobody's money may move by it. So it does
    for a hold without a deadline, which would never end, and for a deadline without a hold.
    """
    event = cast("TransactionCreatedV1", received.event)
    _check_parties(event, stream=received.envelope.stream)
    return _asking(
        Create(
            transaction_id=event.transaction_id,
            kind=event.kind,
            debit=_account(event.debit_party, event.currency),
            credit=_account(event.credit_party, event.currency),
            amount=event.amount,
            currency=event.currency,
            requested_by=event.requested_by,
            accepted_at=utc(event.accepted_at),
            source=_source(received),
            hold_expires_at=_deadline(event),
            reference=_reference(event),
        )
    )


def on_transaction_capture_requested(received: Received) -> Effect:
    """
    Ask the ledger to capture a hold.

    Whether it has such a transaction, and on this stream, is for the ledger to say: of a
    command that is refused, whoever sent it hears.
    """
    event = cast("TransactionCaptureRequestedV1", received.event)
    return _asking(
        Capture(
            command_id=event.command_id,
            transaction_id=event.transaction_id,
            requested_by=event.requested_by,
            accepted_at=utc(event.accepted_at),
            source=_source(received),
            amount=event.amount,
        )
    )


def on_transaction_void_requested(received: Received) -> Effect:
    """Ask the ledger to release a hold; see `on_transaction_capture_requested`."""
    event = cast("TransactionVoidRequestedV1", received.event)
    return _asking(
        Void(
            command_id=event.command_id,
            transaction_id=event.transaction_id,
            requested_by=event.requested_by,
            accepted_at=utc(event.accepted_at),
            source=_source(received),
        )
    )


def on_transaction_reversal_requested(received: Received) -> Effect:
    """
    Ask the ledger to move money back; see `on_transaction_capture_requested`.

    Who may ask for it was judged by users; the reason stays there.
    """
    event = cast("TransactionReversalRequestedV1", received.event)
    return _asking(
        Reverse(
            command_id=event.command_id,
            transaction_id=event.transaction_id,
            requested_by=event.requested_by,
            accepted_at=utc(event.accepted_at),
            source=_source(received),
            amount=event.amount,
        )
    )


def on_transaction_expiry_due(received: Received) -> Effect:
    """Tell the ledger that the deadline of a hold is over; see the captures above."""
    event = cast("TransactionExpiryDueV1", received.event)
    return _asking(
        Expire(
            command_id=event.command_id,
            transaction_id=event.transaction_id,
            accepted_at=utc(event.accepted_at),
            source=_source(received),
        )
    )


def _asking(command: Command) -> Effect:
    return lambda batch: batch.commands.append(command)


def _reference(event: TransactionCreatedV1) -> str | None:
    if len(event.reference or "") > TEXT_MAX:
        raise EventInvalid("the reference is too long")
    return event.reference


def _deadline(event: TransactionCreatedV1) -> datetime | None:
    if (event.capture == "manual") != (event.hold_expires_at is not None):
        raise EventInvalid("a hold and its deadline come together")
    return None if event.hold_expires_at is None else utc(event.hold_expires_at)


def _check_parties(event: TransactionCreatedV1, *, stream: UUID) -> None:
    debit, credit = event.debit_party, event.credit_party
    match event.kind:
        case "transfer":
            fits = _is_wallet_of(debit, stream) and isinstance(credit, Wallet) and credit != debit
        case "withdrawal":
            fits = _is_wallet_of(debit, stream) and isinstance(credit, SystemAccount)
        case "deposit":
            fits = isinstance(debit, SystemAccount) and _is_wallet_of(credit, stream)
    if not fits:
        raise EventInvalid(f"the parties do not fit a {event.kind} of this stream")


def _is_wallet_of(party: Party, user_id: UUID) -> bool:
    return isinstance(party, Wallet) and party.user_id == user_id


def _account(party: Party, currency: str) -> AccountKey:
    if isinstance(party, Wallet):
        return AccountKey.wallet(party.user_id, currency)
    return AccountKey.system(party.role, currency)


def _source(received: Received) -> Source:
    envelope = received.envelope
    if len(envelope.actor) > TEXT_MAX or len(envelope.correlation_id) > TEXT_MAX:
        raise EventInvalid("the actor or the correlation id is too long")
    if len(envelope.traceparent or "") > TRACEPARENT_MAX:
        raise EventInvalid("the traceparent is too long")
    return Source(
        event_id=envelope.id,
        stream=envelope.stream,
        sequence=envelope.sequence,
        partition=received.partition,
        offset=received.offset,
        published_at=received.published_at,
        consumed_at=received.consumed_at,
        actor=envelope.actor,
        correlation_id=envelope.correlation_id,
        traceparent=envelope.traceparent,
    )
