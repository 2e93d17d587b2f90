"""Step 8 of the road: write what the engine decided, in sets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from common.db.refusing import refusing
from transactions.ledger.engine import AccountKey, AccountState, Decision, Decisions
from transactions.ledger.errors import TransactionAlreadyRecorded
from transactions.ledger.journal import Entry, entry_hash

_TRANSACTION = (
    "id, kind, state, amount, currency, debit_account_id, credit_account_id, stream,"
    " requested_by, rejection_code, reference, effective_at, recorded_at, source_event_id,"
    " source_sequence, source_partition, source_offset"
)
_POSTING = "transaction_id, account_id, direction, layer, amount, balance_after, recorded_at"
_JOURNAL = "transaction_id, type, from_state, to_state, code, actor, cause, recorded_at, hash"


def decisions_record(
    decisions: Decisions,
    *,
    accounts: Mapping[AccountKey, AccountState],
    recorded_at: datetime,
) -> None:
    """
    Write ledger transactions, postings and journal entries, in the caller's transaction.

    Three statements, whatever the number of decisions. Raises `TransactionAlreadyRecorded`
    when one of the ids is there already; the caller's transaction is broken then.
    """
    outcomes = decisions.outcomes
    with refusing({"ledger_transaction_pkey": TransactionAlreadyRecorded}):
        _copy(
            f"COPY ledger_transaction ({_TRANSACTION}) FROM STDIN",
            (_transaction_row(outcome, accounts, recorded_at) for outcome in outcomes),
        )
    _copy(
        f"COPY ledger_posting ({_POSTING}) FROM STDIN",
        (row for outcome in outcomes for row in _posting_rows(outcome, recorded_at)),
    )
    _copy(
        f"COPY ledger_journal_entry ({_JOURNAL}) FROM STDIN",
        (_journal_row(outcome, recorded_at) for outcome in outcomes),
    )


def _transaction_row(
    outcome: Decision, accounts: Mapping[AccountKey, AccountState], recorded_at: datetime
) -> tuple[Any, ...]:
    command = outcome.command
    source = command.source
    debit, credit = accounts.get(command.debit), accounts.get(command.credit)
    return (
        command.transaction_id,
        command.kind,
        outcome.to_state,
        command.amount,
        command.currency,
        debit.id if debit else None,
        credit.id if credit else None,
        source.stream,
        command.requested_by,
        outcome.code,
        command.reference,
        command.accepted_at,
        recorded_at,
        source.event_id,
        source.sequence,
        source.partition,
        source.offset,
    )


def _posting_rows(outcome: Decision, recorded_at: datetime) -> Iterator[tuple[Any, ...]]:
    transaction_id = outcome.command.transaction_id
    for account, direction, layer, amount, balance_after in outcome.legs:
        yield transaction_id, account.id, direction, layer, amount, balance_after, recorded_at


def _journal_row(outcome: Decision, recorded_at: datetime) -> tuple[Any, ...]:
    command = outcome.command
    entry = Entry(
        transaction_id=command.transaction_id,
        type=f"transaction_{outcome.to_state}",
        from_state=outcome.from_state,
        to_state=outcome.to_state,
        code=outcome.code,
        actor=command.source.actor,
        cause=command.source.event_id,
        recorded_at=recorded_at,
        kind=command.kind,
        amount=command.amount,
        currency=command.currency,
        legs=[(leg.account.id, *leg[1:]) for leg in outcome.legs],
    )
    return (*entry[:8], entry_hash(entry))


def _copy(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    # Django does not translate the errors of COPY by itself, and whoever retries looks for
    # Django's.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(row)
