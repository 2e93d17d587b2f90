"""
Step 8 of the road, when staff discard a request's event: it is refused, and everybody hears so.

The decision is made by a person and not by the engine, and stands in the books like any other:
a refused transaction without postings, a journal entry with the person as actor, the outcome.
What is not legible of the request is left out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.db.clock import database_clock
from common.outbox.append import NewEvent, outbox_append_many
from transactions.ledger.engine import Source
from transactions.ledger.events import rejection_event
from transactions.ledger.journal import Entry, entry_hash
from transactions.ledger.models import DISCARDED, JournalEntry, LedgerTransaction


class DiscardedRequest(NamedTuple):
    """
    A request that will never be decided by the engine; None is what is not legible.

    `source` is its event, with the person who discards it as actor.
    """

    transaction_id: UUID
    source: Source
    kind: str | None = None
    amount: int | None = None
    currency: str | None = None
    requested_by: UUID | None = None
    accepted_at: datetime | None = None


def requests_discard(*, requests: Sequence[DiscardedRequest]) -> None:
    """
    Record and announce the rejection of requests, in the caller's transaction.

    One that has its decision already keeps it, and nothing is announced again.
    """
    if not requests:
        return
    decided_at = database_clock()
    ids = [request.transaction_id for request in requests]
    known = set(LedgerTransaction.objects.filter(pk__in=ids).values_list("pk", flat=True))
    open_requests = [request for request in requests if request.transaction_id not in known]
    events: list[NewEvent] = []
    for request in open_requests:
        _transaction(request, decided_at).save(force_insert=True)
        _journal_entry(request, decided_at).save(force_insert=True)
        events.append(
            rejection_event(
                transaction_id=request.transaction_id,
                code=DISCARDED,
                source=request.source,
                decided_at=decided_at,
            )
        )
    outbox_append_many(events=events)


def _transaction(request: DiscardedRequest, decided_at: datetime) -> LedgerTransaction:
    source = request.source
    return LedgerTransaction(
        id=request.transaction_id,
        kind=request.kind,
        state=LedgerTransaction.State.REJECTED,
        amount=request.amount,
        currency=request.currency,
        stream=source.stream,
        requested_by=request.requested_by,
        rejection_code=DISCARDED,
        effective_at=request.accepted_at,
        recorded_at=decided_at,
        source_event_id=source.event_id,
        source_sequence=source.sequence,
        source_partition=source.partition,
        source_offset=source.offset,
    )


def _journal_entry(request: DiscardedRequest, decided_at: datetime) -> JournalEntry:
    entry = Entry(
        transaction_id=request.transaction_id,
        type="transaction_rejected",
        from_state="",
        to_state="rejected",
        code=DISCARDED,
        actor=request.source.actor,
        cause=request.source.event_id,
        recorded_at=decided_at,
        kind=request.kind,
        amount=request.amount,
        currency=request.currency,
        legs=[],
    )
    named = dict(zip(Entry._fields[:8], entry[:8], strict=True))
    return JournalEntry(**named, hash=entry_hash(entry))
