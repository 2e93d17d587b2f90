"""
Questions about transactions and commands.

Who may see or command one is decided here and nowhere else.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from common.db.arrays import array_of
from users.identity.selectors import user_is_treasury
from users.submissions.models import TransactionCommand, TransactionRequest

_RECEIVED = ("posted", "partially_reversed", "reversed")


def transactions_visible(*, user_id: UUID) -> QuerySet[TransactionRequest]:
    """
    The transactions that somebody may see.

    Those of their wallet, those they asked for, and transfers to them once these are posted.
    """
    return TransactionRequest.objects.filter(
        Q(user_id=user_id)
        | Q(requested_by_id=user_id)
        | Q(counterparty_id=user_id, status__in=_RECEIVED)
    )


def command_permitted(*, request: TransactionRequest, command_type: str, user_id: UUID) -> bool:
    """
    Whether somebody may command a transaction.

    A hold is captured or voided by who asked for it. A transaction is reversed by the receiver
    of a transfer, once it is posted, or by the treasury; by who paid it, never.
    """
    if command_type != TransactionCommand.Type.REVERSE:
        return request.requested_by_id == user_id
    if request.user_id == user_id and request.kind != TransactionRequest.Kind.DEPOSIT:
        return False
    if request.counterparty_id == user_id and request.status in _RECEIVED:
        return True
    return user_is_treasury(user_id=user_id)


def commands_visible(*, user_id: UUID) -> QuerySet[TransactionCommand]:
    """The commands that somebody may see: those they gave."""
    return TransactionCommand.objects.filter(requested_by_id=user_id)


def command_by_key(
    *, transaction_id: UUID, requested_by: UUID, key: str
) -> TransactionCommand | None:
    """The command about a transaction that an idempotency key of that caller belongs to."""
    return TransactionCommand.objects.filter(
        transaction_id=transaction_id, requested_by_id=requested_by, idempotency_key=key
    ).first()


def expiry_is_pending(*, transaction_id: UUID) -> bool:
    """Whether the expiry of a hold is on its way."""
    return _pending_expiries().filter(transaction_id=transaction_id).exists()


def holds_overdue() -> QuerySet[TransactionRequest]:
    """Holds whose deadline is over and whose expiry is not on its way, the oldest first."""
    expiries = _pending_expiries().filter(transaction_id=OuterRef("id"))
    return TransactionRequest.objects.filter(
        ~Exists(expiries),
        status=TransactionRequest.Status.AUTHORISED,
        hold_expires_at__lte=Now(),
    ).order_by("hold_expires_at", "id")


def _pending_expiries() -> QuerySet[TransactionCommand]:
    return TransactionCommand.objects.filter(
        type=TransactionCommand.Type.EXPIRY, status=TransactionCommand.Status.PENDING
    )


def transaction_by_key(*, requested_by: UUID, key: str) -> TransactionRequest | None:
    """The request that an idempotency key of that caller belongs to."""
    return TransactionRequest.objects.filter(
        requested_by_id=requested_by, idempotency_key=key
    ).first()


def transactions_by_key(
    *, requested_by: UUID, keys: Sequence[str]
) -> dict[str, TransactionRequest]:
    """The requests that idempotency keys of that caller belong to, by key; free keys are absent."""
    # An array is one parameter and one plan, however many keys there are.
    rows = TransactionRequest.objects.raw(
        "SELECT * FROM transaction_request"
        " WHERE requested_by_id = %s AND idempotency_key = ANY(%s::text[])",
        [requested_by, array_of(keys)],
    )
    return {row.idempotency_key: row for row in rows}


def transactions_by_reference(*, requested_by: UUID, references: Sequence[str]) -> dict[str, UUID]:
    """The transactions that references of that caller belong to, by reference."""
    if not references:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reference, id FROM transaction_request"
            " WHERE requested_by_id = %s AND reference = ANY(%s::text[])",
            [requested_by, array_of(references)],
        )
        return dict(cursor.fetchall())
