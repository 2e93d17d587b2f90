"""Step 1 of the road: accept many transaction requests of one caller at once, each for itself."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import psycopg
from django.db import DatabaseError, IntegrityError, transaction

from common.api.unavailable import Busy
from common.db.refusing import constraint_name
from common.errors import ServiceError
from common.outbox import publisher
from common.outbox.append import Held, NewEvent, outbox_append_many, streams_hold
from common.outbox.errors import Backpressure
from users.submissions.claim import TWIN_RULES, requests_copy
from users.submissions.models import TransactionRequest
from users.submissions.order import Order
from users.submissions.refusals import Facts, facts_read, refusal_of
from users.submissions.selectors import transactions_by_key
from users.submissions.services import (
    Caller,
    Submission,
    announcement_of,
    replay,
    request_make,
    self_check,
    size_check,
)

_ATTEMPTS = 3


class Item(NamedTuple):
    """One order of a batch, and who asks under which key."""

    order: Order
    caller: Caller


def batch_submit(*, items: Sequence[Item]) -> list[Submission | ServiceError]:
    """
    Record and announce what can be accepted, and say of each item what became of it, in order.

    The items are of one caller. Its own transaction, never part of another. Each item is treated
    as if it had been asked for by itself, one after the other: what is refused leaves nothing and
    stops no other; a key that an item before it has used is a replay. Whatever is raised is about
    all of them, and then nothing is kept.

    Raises:
        Backpressure: too many events wait for Kafka; nothing new is taken until they are fewer.
        Busy: twins of these items were quicker each time.
    """
    if publisher.backlog_full():
        raise Backpressure
    if not items:
        return []
    for _ in range(_ATTEMPTS):
        try:
            return _submit(items)
        except DatabaseError as error:
            if not _is_collision(error):
                raise
    raise Busy


def _submit(items: Sequence[Item]) -> list[Submission | ServiceError]:
    with transaction.atomic(durable=True):
        acceptance = _Acceptance(items)
        answers = [acceptance.answer(item) for item in items]
        requests_copy(acceptance.accepted)
        outbox_append_many(events=acceptance.events)
    return answers


def _is_collision(error: DatabaseError) -> bool:
    """
    Whether another transaction was in the way that will be there to see the next time.

    Twins in other streams have committed the same key or reference, or hold them crosswise.
    """
    if isinstance(error, IntegrityError):
        return constraint_name(error) in TWIN_RULES
    return isinstance(error.__cause__, psycopg.errors.DeadlockDetected)


class _Acceptance:
    """What is known of a batch's callers, keys and streams, under the locks of the streams."""

    def __init__(self, items: Sequence[Item]) -> None:
        orders = [item.order for item in items]
        requested_by = items[0].caller.user_id
        # What a twin in the same stream has committed is seen by whatever is read behind the locks.
        self._held: dict[UUID, Held] = streams_hold(streams={order.user for order in orders})
        self._originals = transactions_by_key(
            requested_by=requested_by, keys=[item.caller.idempotency_key for item in items]
        )
        self._facts: Facts = facts_read(
            orders=orders,
            requested_by=requested_by,
            accepting={stream for stream, held in self._held.items() if held.accepting},
        )
        self.accepted: list[TransactionRequest] = []
        self.events: list[NewEvent] = []

    def answer(self, item: Item) -> Submission | ServiceError:
        """Accept an item, or say why not."""
        try:
            return self._submission(item)
        except ServiceError as refusal:
            return refusal

    def _submission(self, item: Item) -> Submission:
        order, caller = item
        self_check(order)
        original = self._originals.get(caller.idempotency_key)
        if original is not None:
            return replay(original, order)
        refusal = refusal_of(order=order, requested_by=caller.user_id, facts=self._facts)
        if refusal is not None:
            raise refusal
        return Submission(self._accept(order, caller), replayed=False)

    def _accept(self, order: Order, caller: Caller) -> TransactionRequest:
        request = request_make(order, caller, at=self._held[order.user].held_at)
        event = announcement_of(request)
        size_check(event)
        self._originals[caller.idempotency_key] = request
        if order.reference is not None:
            self._facts.references[order.reference] = request.id
        self.accepted.append(request)
        self.events.append(event)
        return request
