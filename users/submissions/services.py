"""Step 1 of the road: accept a transaction request and announce it, both or neither."""

from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.api.unavailable import Busy
from common.events.codec import EventTooLarge, event_encode
from common.ids import uuid7
from common.outbox import publisher
from common.outbox.append import NewEvent, stream_accepts
from common.outbox.errors import Backpressure
from users.submissions.claim import UNKNOWN_MOMENT, accepted_at_set, request_accept
from users.submissions.errors import (
    CounterpartyUnavailable,
    IdempotencyKeyReused,
    RequestTooLarge,
)
from users.submissions.events import transaction_created
from users.submissions.models import TransactionRequest
from users.submissions.order import FIELDS, Order
from users.submissions.refusals import facts_read, refusal_of
from users.submissions.selectors import transaction_by_key

_ATTEMPTS = 3


class Submission(NamedTuple):
    """The request of an idempotency key, and whether it was there before."""

    request: TransactionRequest
    replayed: bool


class Caller(NamedTuple):
    """
    Who asks, under which key, and the request that it came with.

    `staff` when they ask from the console, where what they may do was decided.
    """

    user_id: UUID
    idempotency_key: str
    request_id: str
    traceparent: str | None
    staff: bool = False


def transaction_submit(*, order: Order, caller: Caller) -> Submission:
    """
    Record a transaction request and announce it; the same key gives the same request again.

    Its own transaction, never part of another. What is refused leaves nothing: no row, no
    event, no used key and no used sequence.

    Raises:
        IdempotencyKeyReused: the key belongs to another body.
        ReferenceExists: the caller has another transaction with this reference.
        CounterpartyUnavailable: the other party cannot take part.
        TreasuryOnly: a deposit by somebody who is not, or no longer, the treasury.
        StreamNotAccepting: the wallet's owner may not make transactions.
        RequestTooLarge: the texts together are too long for an event.
        Backpressure: too many events wait for Kafka; nothing new is taken until they are fewer.
        Busy: whatever stood against it was gone each time that it was looked for.
    """
    if publisher.backlog_full():
        raise Backpressure
    self_check(order)
    for _ in range(_ATTEMPTS):
        request = request_make(order, caller, at=UNKNOWN_MOMENT)
        if _accept(request):
            return Submission(request, replayed=False)
        original = transaction_by_key(requested_by=caller.user_id, key=caller.idempotency_key)
        if original is not None:
            return replay(original, order)
        _refuse(order, caller, request)
    raise Busy


def self_check(order: Order) -> None:
    """Raise `CounterpartyUnavailable` if somebody would pay themselves."""
    if order.counterparty == order.user:
        raise CounterpartyUnavailable(field="counterparty")


def request_make(order: Order, caller: Caller, *, at: datetime) -> TransactionRequest:
    """The row of an order that is accepted at a time; it is not stored yet."""
    request = TransactionRequest(
        id=uuid7(),
        user_id=order.user,
        requested_by_id=caller.user_id,
        kind=order.kind,
        counterparty_id=order.counterparty,
        amount=order.amount,
        currency=order.currency,
        capture=order.capture,
        hold_expires_in_s=order.hold_expires_in_s,
        reference=order.reference,
        description=order.description,
        metadata=dict(order.metadata),
        idempotency_key=caller.idempotency_key,
        fingerprint=order.fingerprint(),
        request_id=caller.request_id,
        traceparent=caller.traceparent,
    )
    accepted_at_set(request, at)
    return request


def announcement_of(request: TransactionRequest) -> NewEvent:
    """What is said about a request that is accepted."""
    return NewEvent(
        stream=request.user_id,
        event=transaction_created(request),
        occurred_at=request.accepted_at,
        actor=f"user:{request.requested_by_id}",
        correlation_id=request.request_id,
        traceparent=request.traceparent,
    )


def size_check(event: NewEvent) -> None:
    """Raise `RequestTooLarge` if the texts together are too long for an event."""
    try:
        event_encode(event.event)
    except EventTooLarge:
        raise RequestTooLarge(field="metadata") from None


def replay(original: TransactionRequest, order: Order) -> Submission:
    """
    The request that has the key, if it asked for the same.

    Raises `IdempotencyKeyReused`.
    """
    if original.fingerprint != order.fingerprint():
        raise IdempotencyKeyReused(field=_difference(original, order))
    return Submission(original, replayed=True)


def _accept(request: TransactionRequest) -> bool:
    try:
        return request_accept(request, announcement_of(request))
    except EventTooLarge:
        return False


def _refuse(order: Order, caller: Caller, request: TransactionRequest) -> None:
    """Raise what stands against an order whose key is free; nothing, if it is gone by now."""
    accepting = {order.user} if stream_accepts(stream=order.user) else set()
    facts = facts_read(orders=[order], requested_by=caller.user_id, accepting=accepting)
    refusal = refusal_of(order=order, requested_by=caller.user_id, facts=facts)
    if refusal is not None:
        raise refusal
    size_check(announcement_of(request))


def _difference(request: TransactionRequest, order: Order) -> str | None:
    asked = {
        **{name: getattr(request, name) for name in FIELDS if name not in ("user", "counterparty")},
        "user": request.user_id,
        "counterparty": request.counterparty_id,
    }
    wanted = asdict(order)
    return next((name for name in FIELDS if asked[name] != wanted[name]), None)
