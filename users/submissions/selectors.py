"""Questions about transaction requests; who may see one is decided here and nowhere else."""

from uuid import UUID

from django.db.models import Q, QuerySet

from users.submissions.models import TransactionRequest

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


def transaction_by_key(*, requested_by: UUID, key: str) -> TransactionRequest | None:
    """The request that an idempotency key of that caller belongs to."""
    return TransactionRequest.objects.filter(
        requested_by_id=requested_by, idempotency_key=key
    ).first()


def transaction_by_reference(*, requested_by: UUID, reference: str) -> TransactionRequest | None:
    """The request that a reference of that caller belongs to."""
    return TransactionRequest.objects.filter(
        requested_by_id=requested_by, reference=reference
    ).first()
