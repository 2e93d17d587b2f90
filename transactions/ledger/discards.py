"""
Step 8 of the road, when staff discard an event: what it asked for is refused, and told so.

The decision is made by a person and not by the engine, and stands in the books like any other:
a refused transaction without postings, a journal entry with the person as actor, the outcome.
What is not legible of the request is left out.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from common.db.clock import database_clock
from common.outbox.append import NewEvent, outbox_append_many
from transactions.ledger.engine import Source
from transactions.ledger.events import command_rejection_event, rejection_event
from transactions.ledger.journal import FACTS_COLUMNS, Entry, Facts, entry_hash
from transactions.ledger.models import DISCARDED, JournalEntry, LedgerTransaction

CommandKind = Literal["capture", "void", "expiry", "reversal"]

_UNKNOWN = "unknown"


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


class DiscardedCommand(NamedTuple):
    """
    A command that will never be decided by the engine; `transaction_id` is its original.

    `amount` is None where all that remains was meant. `source` as in `DiscardedRequest`.
    """

    command_id: UUID
    transaction_id: UUID
    kind: CommandKind
    source: Source
    amount: int | None
    requested_by: UUID | None
    accepted_at: datetime | None


def requests_discard(*, requests: Sequence[DiscardedRequest]) -> None:
    """
    Record and announce the rejection of requests, in the caller's transaction.

    One that has its decision already keeps it, and nothing is announced again.
    """
    if not requests:
        return
    decided_at = database_clock()
    known = _decided([request.transaction_id for request in requests])
    events: list[NewEvent] = []
    for request in requests:
        if request.transaction_id in known:
            continue
        _record(_of_request(request, decided_at), request.source)
        events.append(
            rejection_event(
                transaction_id=request.transaction_id,
                code=DISCARDED,
                source=request.source,
                decided_at=decided_at,
            )
        )
    outbox_append_many(events=events)


def commands_discard(*, commands: Sequence[DiscardedCommand]) -> None:
    """
    Record and announce the rejection of commands, in the caller's transaction.

    Their originals stay as they are. One that has its decision already keeps it, and nothing is
    announced again.
    """
    if not commands:
        return
    decided_at = database_clock()
    known = _decided([command.command_id for command in commands])
    events: list[NewEvent] = []
    for command in commands:
        if command.command_id in known:
            continue
        original = LedgerTransaction.objects.filter(
            pk=command.transaction_id, stream=command.source.stream
        ).first()
        _record(_of_command(command, original, decided_at), command.source)
        events.append(
            command_rejection_event(
                command_id=command.command_id,
                transaction_id=command.transaction_id,
                code=DISCARDED,
                state=original.state if original else _UNKNOWN,
                source=command.source,
                decided_at=decided_at,
            )
        )
    outbox_append_many(events=events)


def _decided(ids: Collection[UUID]) -> set[UUID]:
    return set(LedgerTransaction.objects.filter(pk__in=ids).values_list("pk", flat=True))


def _of_request(request: DiscardedRequest, decided_at: datetime) -> LedgerTransaction:
    return LedgerTransaction(
        id=request.transaction_id,
        kind=request.kind,
        amount=request.amount,
        currency=request.currency,
        requested_by=request.requested_by,
        effective_at=request.accepted_at,
        recorded_at=decided_at,
    )


def _of_command(
    command: DiscardedCommand, original: LedgerTransaction | None, decided_at: datetime
) -> LedgerTransaction:
    is_reversal = command.kind == "reversal"
    return LedgerTransaction(
        id=command.command_id,
        kind=command.kind,
        amount=command.amount,
        currency=original.currency if original else None,
        pending=None if is_reversal else original,
        reverses=original if is_reversal else None,
        requested_by=command.requested_by,
        effective_at=command.accepted_at,
        recorded_at=decided_at,
    )


def _record(refused: LedgerTransaction, source: Source) -> None:
    """Store a transaction as refused by the event's actor, with its journal entry."""
    refused.state = LedgerTransaction.State.REJECTED
    refused.rejection_code = DISCARDED
    refused.stream = source.stream
    refused.source_event_id = source.event_id
    refused.source_sequence = source.sequence
    refused.source_partition = source.partition
    refused.source_offset = source.offset
    refused.save(force_insert=True)
    _journal_entry(refused, source).save(force_insert=True)


def _journal_entry(refused: LedgerTransaction, source: Source) -> JournalEntry:
    entry = Entry(
        transaction_id=refused.id,
        type="transaction_rejected",
        from_state="",
        to_state="rejected",
        code=DISCARDED,
        actor=source.actor,
        cause=source.event_id,
        recorded_at=refused.recorded_at,
        kind=refused.kind,
        amount=refused.amount,
        currency=refused.currency,
        legs=[],
        facts=Facts._make(getattr(refused, column) for column in FACTS_COLUMNS),
    )
    named = dict(zip(Entry._fields[:8], entry[:8], strict=True))
    return JournalEntry(**named, hash=entry_hash(entry))
