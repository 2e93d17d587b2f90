"""Step 8 of the road: lock and update the transactions that the commands of a batch are about."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from transactions.ledger.engine import AccountKey, TransactionState


def originals_lock(*, ids: Collection[UUID]) -> dict[UUID, TransactionState]:
    """
    Lock and read those of the transactions that exist, sorted by id, before any account.

    Children of others and refused ones come too: a command may name any of them.
    """
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT header.id, kind, state, stream, amount, header.currency, hold_expires_at,
                captured_amount, reversed_amount,
                debit.owner, debit.role, debit.currency,
                credit.owner, credit.role, credit.currency
            FROM ledger_transaction AS header
            LEFT JOIN ledger_account AS debit ON debit.id = debit_account_id
            LEFT JOIN ledger_account AS credit ON credit.id = credit_account_id
            WHERE header.id = ANY(%s)
            ORDER BY header.id
            FOR NO KEY UPDATE OF header
            """,
            [sorted(ids)],
        )
        return {row[0]: _state(row) for row in cursor.fetchall()}


def originals_update(transactions: Sequence[TransactionState]) -> None:
    """Write what commands made of locked transactions."""
    if not transactions:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE ledger_transaction AS header
            SET state = new.state, captured_amount = new.captured_amount,
                reversed_amount = new.reversed_amount
            FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[])
                AS new (id, state, captured_amount, reversed_amount)
            WHERE header.id = new.id
            """,
            [
                [one.id for one in transactions],
                [one.state for one in transactions],
                [one.captured_amount for one in transactions],
                [one.reversed_amount for one in transactions],
            ],
        )


def _state(row: tuple[Any, ...]) -> TransactionState:
    (transaction_id, kind, state, stream, amount, currency, *hold), debit, credit = (
        row[:9],
        row[9:12],
        row[12:],
    )
    hold_expires_at, captured_amount, reversed_amount = hold
    return TransactionState(
        id=transaction_id,
        kind=kind,
        state=state,
        stream=stream,
        debit=_party(*debit),
        credit=_party(*credit),
        amount=amount,
        currency=currency,
        hold_expires_at=hold_expires_at,
        captured_amount=captured_amount,
        reversed_amount=reversed_amount,
    )


def _party(owner: UUID | None, role: str | None, currency: str | None) -> AccountKey | None:
    if role is None or currency is None:
        return None
    return AccountKey(owner, role, currency)
