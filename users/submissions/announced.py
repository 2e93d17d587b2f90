"""What was announced about requests and commands, told again where its event arrived illegible."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from common.events.contracts import (
    Event,
    TransactionCaptureRequestedV1,
    TransactionCreatedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
)
from common.internal.contracts import Announced, AnnouncedPage
from common.outbox.models import OutboxMessage
from users.submissions.events import command_requested, expiry_due, transaction_created
from users.submissions.models import TransactionCommand, TransactionRequest

_TYPE = TransactionCommand.Type
_COMMANDS = {
    TransactionCaptureRequestedV1.TYPE: _TYPE.CAPTURE,
    TransactionVoidRequestedV1.TYPE: _TYPE.VOID,
    TransactionReversalRequestedV1.TYPE: _TYPE.REVERSE,
    TransactionExpiryDueV1.TYPE: _TYPE.EXPIRY,
}


def announced_by_ids(*, ids: Iterable[UUID]) -> AnnouncedPage:
    """
    Those of the events that are still in the outbox, made anew from what they announced.

    Their data in the outbox are not read: they may be what is illegible. An event that does not
    lead to exactly one request or command is left out.
    """
    rows = OutboxMessage.objects.filter(id__in=list(ids), stream__isnull=False).order_by("position")
    told = (_told(row) for row in rows.defer("data"))
    return AnnouncedPage(data=[one for one in told if one is not None])


def _told(row: OutboxMessage) -> Announced | None:
    if row.stream is None or row.sequence is None:
        raise ValueError("an event has its place in a stream")
    event = _event(row, row.stream)
    if event is None:
        return None
    return Announced(
        event_id=row.id,
        stream=row.stream,
        sequence=row.sequence,
        type=event.TYPE,
        data=msgspec.to_builtins(event),
    )


def _event(row: OutboxMessage, stream: UUID) -> Event | None:
    name = row.type.rpartition(".v")[0]
    if name == TransactionCreatedV1.TYPE.rpartition(".v")[0]:
        request = TransactionRequest.objects.filter(pk=row.subject, user_id=stream).first()
        return None if request is None else transaction_created(request)
    kinds = (kind for known, kind in _COMMANDS.items() if known.rpartition(".v")[0] == name)
    kind = next(kinds, None)
    return None if kind is None else _command_event(row, stream, kind)


def _command_event(row: OutboxMessage, stream: UUID, kind: str) -> Event | None:
    # A command is announced with the moment of its acceptance, read under its stream's lock: no
    # two of a transaction have the same.
    found = TransactionCommand.objects.filter(
        transaction_id=UUID(row.subject),
        transaction__user_id=stream,
        type=kind,
        accepted_at=row.occurred_at,
    )[:2]
    if len(found) != 1:
        return None
    return expiry_due(found[0]) if kind == _TYPE.EXPIRY else command_requested(found[0])
