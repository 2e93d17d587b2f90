"""Requests and commands of a made-up past, with their outcomes."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from common.db.copying import rows_copy
from common.demo_history.steps import Command, Request, Step, event_id, idempotency_key, request_id
from common.outbox.append import NewEvent
from common.outbox.past import PastEvent
from users.submissions.events import command_requested, expiry_due, transaction_created
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.order import CommandOrder, Order

_TRIP = timedelta(milliseconds=2)

_REQUEST = (
    *("id", "user_id", "requested_by_id", "kind", "counterparty_id", "amount", "currency"),
    *("capture", "accepted_at", "hold_expires_in_s", "hold_expires_at", "reference"),
    *("description", "metadata", "idempotency_key", "fingerprint", "request_id", "status"),
    *("rejection_code", "captured_amount", "reversed_amount", "settled_at"),
)
_COMMAND = (
    *("id", "transaction_id", "type", "requested_by_id", "amount", "reason", "accepted_at"),
    *("idempotency_key", "fingerprint", "request_id", "status", "rejection_code"),
    *("applied_amount", "settled_at"),
)


def requests_past_copy(requests: Sequence[Request]) -> None:
    """Store requests as they are at the end of the past, in the caller's transaction."""
    rows_copy("transaction_request", _REQUEST, map(_request_row, requests))


def commands_past_copy(commands: Sequence[Command]) -> None:
    """Store commands with their outcomes, in the caller's transaction."""
    rows_copy("transaction_command", _COMMAND, map(_command_row, commands))


def step_events(steps: Sequence[Step]) -> Iterator[PastEvent]:
    """What was told of requests and commands."""
    for step in steps:
        asker = step.asker
        yield PastEvent(
            event_id(step.id),
            step.place.sequence,
            NewEvent(
                stream=step.owner.id,
                event=_event_of(step),
                occurred_at=step.accepted_at,
                actor=f"user:{asker.id}" if asker else "system:users",
                correlation_id=request_id(step.id),
            ),
            min(step.accepted_at + _TRIP, step.decided_at),
            step.place.partition,
            step.place.offset,
        )


def _event_of(step: Step) -> Any:
    if isinstance(step, Request):
        row = dict(zip(_REQUEST, _request_row(step), strict=True))
        return transaction_created(TransactionRequest(**{**row, "metadata": step.metadata}))
    command = TransactionCommand(**dict(zip(_COMMAND, _command_row(step), strict=True)))
    return expiry_due(command) if step.asker is None else command_requested(command)


def _request_row(request: Request) -> tuple[Any, ...]:
    other = request.counterparty
    capture = "automatic" if request.hold_expires_in_s is None else "manual"
    order = Order(
        kind=request.kind,
        amount=request.amount,
        currency=request.currency,
        user=request.owner.id,
        counterparty=other.id if other else None,
        capture=capture,  # type: ignore[arg-type]  # one of two words
        hold_expires_in_s=request.hold_expires_in_s,
        reference=request.reference,
        description=request.description,
        metadata=request.metadata,
    )
    return (
        *(request.id, request.owner.id, request.asker.id, request.kind, order.counterparty),
        *(request.amount, request.currency, capture, request.accepted_at),
        *(request.hold_expires_in_s, request.hold_expires_at, request.reference),
        *(request.description, json.dumps(request.metadata), idempotency_key(request.id)),
        *(order.fingerprint(), request_id(request.id), request.status, request.code),
        *(request.captured, request.reversed, request.settled_at),
    )


def _command_row(command: Command) -> tuple[Any, ...]:
    asked = command.asker is not None
    reason = "Returned" if command.type == "reverse" else None
    order = CommandOrder(type=command.type, amount=command.amount, reason=reason)
    return (
        *(command.id, command.original.id, command.type),
        *(command.asker.id if command.asker else None, command.amount, reason),
        command.accepted_at,
        idempotency_key(command.id) if asked else None,
        order.fingerprint() if asked else None,
        request_id(command.id),
        "rejected" if command.code else "applied",
        command.code,
        command.applied,
        command.decided_at,
    )
