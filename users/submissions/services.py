"""Step 1 of the road: accept a transaction request and announce it, both or neither."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from common.db.refusing import refusing
from common.events.codec import EventTooLarge
from common.ids import uuid7
from common.outbox import publisher
from common.outbox.append import NewEvent, outbox_append, stream_take
from common.outbox.errors import Backpressure, StreamNotAccepting
from users.identity.models import User
from users.identity.selectors import user_is_treasury, user_statuses
from users.submissions.claim import key_claim
from users.submissions.errors import (
    CounterpartyUnavailable,
    IdempotencyKeyReused,
    ReferenceExists,
    RequestTooLarge,
    TreasuryOnly,
)
from users.submissions.events import transaction_created
from users.submissions.models import TransactionRequest
from users.submissions.order import FIELDS, Order
from users.submissions.selectors import transaction_by_key, transaction_by_reference

_GONE = frozenset({User.Status.CLOSING, User.Status.CLOSED})


class Submission(NamedTuple):
    """The request of an idempotency key, and whether it was there before."""

    request: TransactionRequest
    replayed: bool


class Caller(NamedTuple):
    """Who asks, under which key, and the request that it came with."""

    user_id: UUID
    idempotency_key: str
    request_id: str
    traceparent: str | None


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
    """
    if publisher.backlog_full():
        raise Backpressure
    if order.counterparty == order.user:
        raise CounterpartyUnavailable(field="counterparty")
    try:
        request = _accept(order, caller)
    except ReferenceExists:
        # A twin with the same key and reference may have met the reference's rule first.
        request = None
        if transaction_by_key(requested_by=caller.user_id, key=caller.idempotency_key) is None:
            raise _reference_exists(order, caller) from None
    except EventTooLarge:
        raise RequestTooLarge(field="metadata") from None
    if request is not None:
        return Submission(request, replayed=False)
    return Submission(_original(order, caller), replayed=True)


def _accept(order: Order, caller: Caller) -> TransactionRequest | None:
    """Claim the key, take the sequence and append the event; None when the key is taken."""
    request = _new_request(order, caller)
    rules = {"transaction_request_reference_once": ReferenceExists}
    with refusing(rules), transaction.atomic(durable=True):
        if not key_claim(request):
            return None
        _parties_check(order, caller.user_id)
        slot = stream_take(stream=order.user, accepting=True)
        request.accepted_at = slot.taken_at
        request.hold_expires_at = _deadline(request)
        TransactionRequest.objects.filter(id=request.id).update(
            accepted_at=request.accepted_at, hold_expires_at=request.hold_expires_at
        )
        outbox_append(event=_announcement(request, caller), slot=slot)
    return request


def _new_request(order: Order, caller: Caller) -> TransactionRequest:
    return TransactionRequest(
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


def _deadline(request: TransactionRequest) -> datetime | None:
    if request.hold_expires_in_s is None:
        return None
    return request.accepted_at + timedelta(seconds=request.hold_expires_in_s)


def _announcement(request: TransactionRequest, caller: Caller) -> NewEvent:
    return NewEvent(
        stream=request.user_id,
        event=transaction_created(request),
        occurred_at=request.accepted_at,
        actor=f"user:{caller.user_id}",
        correlation_id=caller.request_id,
        traceparent=caller.traceparent,
    )


def _parties_check(order: Order, requested_by: UUID) -> None:
    """Refuse parties that cannot take part; a payer's own stream speaks for the payer."""
    field, party = "counterparty", order.counterparty
    if party is None:
        field, party = "user", order.user
    if order.kind == TransactionRequest.Kind.DEPOSIT and not user_is_treasury(user_id=requested_by):
        # The role in a token is minutes old; money is made by who has it now.
        raise TreasuryOnly
    if party == requested_by:
        return
    statuses = user_statuses(user_ids={party, requested_by})
    if statuses.get(requested_by) != User.Status.ACTIVE:
        raise StreamNotAccepting
    if statuses.get(party, User.Status.CLOSED) in _GONE:
        raise CounterpartyUnavailable(field=field)


def _original(order: Order, caller: Caller) -> TransactionRequest:
    """The request that has the key, if it asked for the same."""
    request = transaction_by_key(requested_by=caller.user_id, key=caller.idempotency_key)
    if request is None:
        raise RuntimeError("a request that holds its key is never deleted")
    if request.fingerprint != order.fingerprint():
        raise IdempotencyKeyReused(field=_difference(request, order))
    return request


def _difference(request: TransactionRequest, order: Order) -> str | None:
    asked = {
        **{name: getattr(request, name) for name in FIELDS if name not in ("user", "counterparty")},
        "user": request.user_id,
        "counterparty": request.counterparty_id,
    }
    wanted = asdict(order)
    return next((name for name in FIELDS if asked[name] != wanted[name]), None)


def _reference_exists(order: Order, caller: Caller) -> ReferenceExists:
    reference = order.reference or ""
    existing = transaction_by_reference(requested_by=caller.user_id, reference=reference)
    return ReferenceExists(field="reference", transaction_id=str(existing.id) if existing else None)
