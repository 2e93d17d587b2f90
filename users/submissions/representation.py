"""Transactions and commands as clients see them; the member names are part of the contract."""

from typing import Any

from users.submissions.models import TransactionCommand, TransactionRequest


def transaction_represent(request: TransactionRequest) -> dict[str, Any]:
    """The transaction as it is now."""
    return transaction_represent_accepted(request) | {
        "status": request.status,
        "captured_amount": request.captured_amount,
        "reversed_amount": request.reversed_amount,
        "rejection_code": request.rejection_code,
        "settled_at": request.settled_at,
    }


def transaction_represent_accepted(request: TransactionRequest) -> dict[str, Any]:
    """
    The transaction as it was when it was accepted: the body of every 202 of its key.

    Made of columns that never change, so that a replay is the original byte for byte; metadata
    is sorted because `jsonb` keeps no order.
    """
    return {
        "id": request.id,
        "kind": request.kind,
        "status": TransactionRequest.Status.PENDING,
        "amount": request.amount,
        "currency": request.currency,
        "user": request.user_id,
        "counterparty": request.counterparty_id,
        "capture": request.capture,
        "hold_expires_at": request.hold_expires_at,
        "reference": request.reference,
        "description": request.description,
        "metadata": dict(sorted(request.metadata.items())),
        "captured_amount": 0,
        "reversed_amount": 0,
        "rejection_code": None,
        "created_at": request.accepted_at,
        "settled_at": None,
    }


def command_represent(command: TransactionCommand) -> dict[str, Any]:
    """The command as it is now; once it is applied, the amount is what it came to."""
    applied = command.applied_amount
    return command_represent_accepted(command) | {
        "amount": command.amount if applied is None else applied,
        "status": command.status,
        "rejection_code": command.rejection_code,
        "settled_at": command.settled_at,
    }


def command_represent_accepted(command: TransactionCommand) -> dict[str, Any]:
    """The command as it was when it was accepted: the body of every 202 of its key."""
    return {
        "id": command.id,
        "transaction_id": command.transaction_id,
        "type": command.type,
        "amount": command.amount,
        "status": TransactionCommand.Status.PENDING,
        "rejection_code": None,
        "created_at": command.accepted_at,
        "settled_at": None,
    }
