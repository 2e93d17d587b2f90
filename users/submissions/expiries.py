"""
Holds whose deadline is over: the ledger reads no clock, so it is told.

At most one expiry of a transaction waits for its outcome. Whoever adds one holds the lock of the
transaction's stream, so that two never meet.
"""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from common.ids import uuid7
from common.outbox.append import NewEvent, Slot, outbox_append, outbox_append_many
from common.outbox.models import OutboxStream
from users.submissions.events import expiry_due
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.selectors import expiry_is_pending, holds_overdue


def expiry_append(*, request: TransactionRequest, slot: Slot) -> bool:
    """
    Append the expiry of a hold unless one is on its way; whether `slot` was used.

    Needs the caller's transaction, in which `slot` was taken after the hold's deadline.
    """
    if expiry_is_pending(transaction_id=request.id):
        return False
    command = _expiry(request)
    command.accepted_at = slot.taken_at
    command.save(force_insert=True)
    outbox_append(event=_announcement(command), slot=slot)
    return True


def holds_expire(*, limit: int) -> int:
    """
    Append the expiries of up to `limit` holds that nobody captured in time; how many were found.

    Its own transaction. Safe to run twice, also at once: the second finds nothing to do. Called
    until it finds fewer than `limit`, it has seen all.
    """
    with transaction.atomic(durable=True):
        found = dict(holds_overdue().values_list("id", "user_id")[:limit])
        _streams_lock(set(found.values()))
        # Looked at again: what another sweep or a late capture has appended is there by now.
        # The time is of this statement, after the locks.
        holds = holds_overdue().filter(id__in=found).annotate(at=Now())
        commands = []
        for hold in holds:
            command = _expiry(hold)
            command.accepted_at = hold.at
            commands.append(command)
        TransactionCommand.objects.bulk_create(commands)
        outbox_append_many(events=[_announcement(command) for command in commands])
    return len(found)


def _streams_lock(streams: set[UUID]) -> None:
    rows = OutboxStream.objects.filter(stream__in=streams).order_by("stream")
    list(rows.select_for_update(no_key=True).values_list("stream"))


def _expiry(request: TransactionRequest) -> TransactionCommand:
    return TransactionCommand(
        id=uuid7(),
        transaction=request,
        type=TransactionCommand.Type.EXPIRY,
        request_id=request.request_id,
        traceparent=request.traceparent,
    )


def _announcement(command: TransactionCommand) -> NewEvent:
    return NewEvent(
        stream=command.transaction.user_id,
        event=expiry_due(command),
        occurred_at=command.accepted_at,
        actor="system:hold_expiry",
        correlation_id=command.request_id,
        traceparent=command.traceparent,
    )
