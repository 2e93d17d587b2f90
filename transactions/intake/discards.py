"""What it means to discard an event of users: it is refused, because nobody may wait."""

from datetime import datetime
from uuid import UUID

from common.events.codec import EventInvalid
from common.events.contracts import TransactionCreatedV1
from common.ids import uuid7
from common.inbox.errors import DiscardRefused
from common.inbox.wiring import Discarded
from transactions.intake.batch import IntakeBatch
from transactions.intake.moments import utc
from transactions.ledger.discards import DiscardedRequest
from transactions.ledger.engine import Source

_TEXT_MAX = 100
_TRACEPARENT_MAX = 55


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
        correlation_id=correlation_id if len(correlation_id) <= _TEXT_MAX else str(uuid7()),
        traceparent=traceparent if len(traceparent or "") <= _TRACEPARENT_MAX else None,
    )


def _moment(accepted_at: datetime) -> datetime | None:
    try:
        return utc(accepted_at)
    except EventInvalid:
        return None
