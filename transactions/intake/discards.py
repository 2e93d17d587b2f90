"""
What it means to discard an event of users.

A request or a command is refused, because nobody may wait for it.
"""

from datetime import datetime
from uuid import UUID

from common.events.codec import EventInvalid
from common.events.contracts import (
    TransactionCaptureRequestedV1,
    TransactionCommandEvent,
    TransactionCreatedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
)
from common.ids import uuid7
from common.inbox.errors import DiscardRefused
from common.inbox.wiring import Discarded
from transactions.intake.batch import IntakeBatch
from transactions.intake.limits import TEXT_MAX, TRACEPARENT_MAX
from transactions.intake.moments import utc
from transactions.ledger.discards import CommandKind, DiscardedCommand, DiscardedRequest
from transactions.ledger.engine import Source

_COMMAND_KINDS: dict[type[TransactionCommandEvent], CommandKind] = {
    TransactionCaptureRequestedV1: "capture",
    TransactionVoidRequestedV1: "void",
    TransactionExpiryDueV1: "expiry",
    TransactionReversalRequestedV1: "reversal",
}


def on_transaction_created_discarded(discarded: Discarded, batch: IntakeBatch) -> None:
    """
    Refuse the request, with as much of it as is legible.

    Raises `DiscardRefused` when the event does not even say which transaction it is about.
    """
    source = _source(discarded)
    event = discarded.event
    if not isinstance(event, TransactionCreatedV1):
        batch.discarded.append(DiscardedRequest(_subject(discarded), source))
        return
    batch.discarded.append(
        DiscardedRequest(
            transaction_id=event.transaction_id,
            source=source,
            kind=event.kind,
            amount=event.amount,
            currency=event.currency,
            requested_by=event.requested_by,
            accepted_at=_moment(event.accepted_at),
        )
    )


def on_transaction_command_discarded(discarded: Discarded, batch: IntakeBatch) -> None:
    """
    Refuse the command; its transaction stays as it is.

    Raises `DiscardRefused` when its data are not legible and users could not say, either, which
    command it is (see `announced.py`).
    """
    event = discarded.event
    if not isinstance(event, TransactionCommandEvent):
        raise DiscardRefused("It does not say which command it is, so nobody could be told.")
    batch.discarded_commands.append(
        DiscardedCommand(
            command_id=event.command_id,
            transaction_id=event.transaction_id,
            kind=_COMMAND_KINDS[type(event)],
            source=_source(discarded),
            amount=getattr(event, "amount", None),
            requested_by=getattr(event, "requested_by", None),
            accepted_at=_moment(event.accepted_at),
        )
    )


def on_user_close_requested_discarded(discarded: Discarded, batch: IntakeBatch) -> None:
    """Refuse to close the user of this stream, who waits for an answer."""
    batch.closings_discarded.append(_source(discarded))


def _subject(discarded: Discarded) -> UUID:
    try:
        return UUID(discarded.envelope.subject)
    except ValueError:
        raise DiscardRefused(
            "It does not say which transaction it is about, so nobody could be told."
        ) from None


def _source(discarded: Discarded) -> Source:
    """The event as the books name it; texts that they cannot hold are replaced or left out."""
    envelope = discarded.envelope
    correlation_id, traceparent = envelope.correlation_id, envelope.traceparent
    return Source(
        event_id=envelope.id,
        stream=envelope.stream,
        sequence=envelope.sequence,
        partition=discarded.partition,
        offset=discarded.offset,
        published_at=discarded.published_at,
        consumed_at=discarded.consumed_at,
        actor=discarded.actor,
        correlation_id=correlation_id if len(correlation_id) <= TEXT_MAX else str(uuid7()),
        traceparent=traceparent if len(traceparent or "") <= TRACEPARENT_MAX else None,
    )


def _moment(accepted_at: datetime) -> datetime | None:
    try:
        return utc(accepted_at)
    except EventInvalid:
        return None
