"""What attempts are made on: two wallets with money, and a transaction that is committed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from common.ids import uuid7
from transactions.ledger.engine import AccountKey, Create, Source
from transactions.ledger.models import Account, LedgerTransaction, Posting
from transactions.ledger.services import ledger_apply

_CURRENCY = "EUR"


class Scene(NamedTuple):
    """
    The payer has 750 of the 1,000 that came in; 250 went to the receiver.

    `deposit` and `transfer` were written by the transaction that runs; `committed` by another
    one before, it is in the books for good.
    """

    payer: Account
    receiver: Account
    deposit: LedgerTransaction
    transfer: LedgerTransaction
    committed: LedgerTransaction


def committed_find() -> LedgerTransaction | None:
    """Any transaction that is in the books with postings; None in empty ones."""
    posting = Posting.objects.order_by("id").select_related("transaction").first()
    return None if posting is None else posting.transaction


def scene_set(*, committed: LedgerTransaction) -> Scene:
    """Make the scene in the caller's transaction, by the same service as the consumer."""
    payer, receiver = uuid7(), uuid7()
    deposit = _create(
        "deposit",
        debit=AccountKey.system("cash_clearing", _CURRENCY),
        credit=AccountKey.wallet(payer, _CURRENCY),
        amount=1_000,
        stream=payer,
    )
    transfer = _create(
        "transfer",
        debit=AccountKey.wallet(payer, _CURRENCY),
        credit=AccountKey.wallet(receiver, _CURRENCY),
        amount=250,
        stream=payer,
    )
    ledger_apply(commands=[deposit, transfer])
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")
    return Scene(
        payer=Account.objects.get(owner=payer),
        receiver=Account.objects.get(owner=receiver),
        deposit=LedgerTransaction.objects.get(pk=deposit.transaction_id),
        transfer=LedgerTransaction.objects.get(pk=transfer.transaction_id),
        committed=committed,
    )


def sql(statement: str, parameters: Sequence[Any] = ()) -> None:
    """Run a statement past every model."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _create(
    kind: Any, *, debit: AccountKey, credit: AccountKey, amount: int, stream: UUID
) -> Create:
    now = datetime.now(UTC)
    return Create(
        transaction_id=uuid7(),
        kind=kind,
        debit=debit,
        credit=credit,
        amount=amount,
        currency=_CURRENCY,
        requested_by=stream,
        accepted_at=now,
        source=Source(
            event_id=uuid7(),
            stream=stream,
            sequence=1,
            partition=0,
            offset=0,
            published_at=now,
            consumed_at=now,
            actor="system:attack",
            correlation_id="attack",
            traceparent=None,
        ),
    )
