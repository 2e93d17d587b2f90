"""Step 1 of the road: accept a command about a transaction and announce it, both or neither."""

from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from common.api.errors import NotFound
from common.ids import uuid7
from common.outbox import publisher
from common.outbox.append import NewEvent, outbox_append, stream_take
from common.outbox.errors import Backpressure, StreamNotAccepting
from users.identity.models import User
from users.identity.selectors import user_statuses
from users.submissions.claim import command_claim
from users.submissions.errors import CommandGivenAlready, IdempotencyKeyReused
from users.submissions.events import command_requested
from users.submissions.expiries import expiry_append
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.order import COMMAND_FIELDS, CommandOrder
from users.submissions.selectors import command_by_key, command_permitted
from users.submissions.services import Caller

_STATUS = TransactionRequest.Status
_MAY_BE_HELD = (_STATUS.PENDING, _STATUS.AUTHORISED)
_OF_HOLDS = (TransactionCommand.Type.CAPTURE, TransactionCommand.Type.VOID)


class Commanding(NamedTuple):
    """The command of an idempotency key, and whether it was there before."""

    command: TransactionCommand
    replayed: bool


def command_submit(*, transaction_id: UUID, order: CommandOrder, caller: Caller) -> Commanding:
    """
    Record a command and announce it; the same key gives the same command again.

    Its own transaction, never part of another. What is refused leaves nothing: no row, no
    event, no used key and no used sequence. Whether the command can be followed is for the
    ledger to say.

    Raises:
        NotFound: there is no such transaction, or the caller may not command it.
        IdempotencyKeyReused: the key belongs to another command about this transaction.
        StreamNotAccepting: the caller may not do anything at the moment.
        Backpressure: too many events wait for Kafka; nothing new is taken until they are fewer.
    """
    if publisher.backlog_full():
        raise Backpressure
    command = _accept(transaction_id, order, caller)
    if command is not None:
        return Commanding(command, replayed=False)
    return Commanding(_original(transaction_id, order, caller), replayed=True)


def command_submit_by_staff(
    *, transaction_id: UUID, order: CommandOrder, caller: Caller
) -> TransactionCommand:
    """
    Record a command that staff give from the console, and announce it.

    In the caller's transaction, which keeps who of staff it was and why; the console has decided
    whether they may. Raises as `command_submit`, and `CommandGivenAlready` when the key is taken:
    the form was sent twice.
    """
    if publisher.backlog_full():
        raise Backpressure
    command = _claim(transaction_id, order, caller)
    if command is None:
        raise CommandGivenAlready
    return command


def _accept(transaction_id: UUID, order: CommandOrder, caller: Caller) -> TransactionCommand | None:
    with transaction.atomic(durable=True):
        return _claim(transaction_id, order, caller)


def _claim(transaction_id: UUID, order: CommandOrder, caller: Caller) -> TransactionCommand | None:
    """Claim the key, take the sequence and append the event; None when the key is taken."""
    request = TransactionRequest.objects.filter(id=transaction_id).first()
    if request is None:
        raise NotFound
    command = _new_command(request, order, caller)
    if not command_claim(command):
        return None
    if not caller.staff and not command_permitted(
        request=request, command_type=order.type, user_id=caller.user_id
    ):
        raise NotFound
    # It is the user's own stream whoever commands, and it takes commands in any state.
    slot = stream_take(stream=request.user_id)
    _check_active(caller.user_id)
    if _is_late(request, order, slot.taken_at) and expiry_append(request=request, slot=slot):
        slot = stream_take(stream=request.user_id)
    command.accepted_at = slot.taken_at
    TransactionCommand.objects.filter(id=command.id).update(accepted_at=slot.taken_at)
    outbox_append(event=_announcement(command, caller), slot=slot)
    return command


def _new_command(
    request: TransactionRequest, order: CommandOrder, caller: Caller
) -> TransactionCommand:
    return TransactionCommand(
        id=uuid7(),
        transaction=request,
        type=order.type,
        requested_by_id=caller.user_id,
        amount=order.amount,
        reason=order.reason,
        idempotency_key=caller.idempotency_key,
        fingerprint=order.fingerprint(),
        request_id=caller.request_id,
        traceparent=caller.traceparent,
    )


def _check_active(user_id: UUID) -> None:
    # Under the stream's lock: whoever suspends the owner of the stream holds it, too.
    if user_statuses(user_ids={user_id}).get(user_id) != User.Status.ACTIVE:
        raise StreamNotAccepting


def _is_late(request: TransactionRequest, order: CommandOrder, at: datetime) -> bool:
    """Whether a hold's deadline is over; the ledger must hear of that first."""
    return (
        order.type in _OF_HOLDS
        and request.status in _MAY_BE_HELD
        and request.hold_expires_at is not None
        and request.hold_expires_at <= at
    )


def _announcement(command: TransactionCommand, caller: Caller) -> NewEvent:
    return NewEvent(
        stream=command.transaction.user_id,
        event=command_requested(command),
        occurred_at=command.accepted_at,
        actor=f"{'staff' if caller.staff else 'user'}:{caller.user_id}",
        correlation_id=caller.request_id,
        traceparent=caller.traceparent,
    )


def _original(transaction_id: UUID, order: CommandOrder, caller: Caller) -> TransactionCommand:
    """The command that has the key, if it asked for the same."""
    command = command_by_key(
        transaction_id=transaction_id, requested_by=caller.user_id, key=caller.idempotency_key
    )
    if command is None:
        raise RuntimeError("a command that holds its key is never deleted")
    if command.fingerprint != order.fingerprint():
        wanted = asdict(order)
        differing = (name for name in COMMAND_FIELDS if getattr(command, name) != wanted[name])
        raise IdempotencyKeyReused(field=next(differing, None))
    return command
