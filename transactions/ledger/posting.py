"""Step 8 of the road: write what the engine decided, in sets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import connection

from common.db.refusing import refusing
from transactions.ledger.engine import (
    AccountKey,
    AccountState,
    Child,
    Create,
    Decision,
    Decisions,
    TransactionState,
)
from transactions.ledger.errors import TransactionAlreadyRecorded
from transactions.ledger.journal import Entry, entry_hash

_TRANSACTION = (
    "id, kind, state, amount, currency, debit_account_id, credit_account_id, pending_id,"
    " reverses_id, hold_expires_at, captured_amount, reversed_amount, stream, requested_by,"
    " rejection_code, effective_at, recorded_at, source_event_id, source_sequence,"
    " source_partition, source_offset"
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

    Three statements, whatever the number of decisions. What became of a transaction later in
    the same batch is in its row from the start. Raises `TransactionAlreadyRecorded`
    when one of the ids is there already; the caller's transaction is broken then.
    """
    outcomes = decisions.outcomes
    with refusing({"ledger_transaction_pkey": TransactionAlreadyRecorded}):
        _copy(
            f"COPY ledger_transaction ({_TRANSACTION}) FROM STDIN",
            (
                _transaction_row(
                    outcome,
                    decisions.created.get(outcome.command.recorded_as),
                    accounts,
                    recorded_at,
                )
                for outcome in outcomes
            ),
        )
    _copy(
        f"COPY ledger_posting ({_POSTING}) FROM STDIN",
        (row for outcome in outcomes for row in _posting_rows(outcome, recorded_at)),
    )
    originals = decisions.created | {one.id: one for one in decisions.transactions}
    _copy(
        f"COPY ledger_journal_entry ({_JOURNAL}) FROM STDIN",
        (row for outcome in outcomes for row in _journal_rows(outcome, originals, recorded_at)),
    )


def _transaction_row(
    outcome: Decision,
    changed: TransactionState | None,
    accounts: Mapping[AccountKey, AccountState],
    recorded_at: datetime,
) -> tuple[Any, ...]:
    """`changed` is the transaction as later commands of the batch left it, None if as decided."""
    command, child = outcome.command, outcome.child
    source = command.source
    terms = _terms(outcome)
    return (
        command.recorded_as,
        terms.kind,
        changed.state if changed else outcome.state,
        terms.amount,
        terms.currency,
        _account_id(accounts, terms.debit),
        _account_id(accounts, terms.credit),
        child.pending_id if child else None,
        child.reverses_id if child else None,
        terms.hold_expires_at if isinstance(terms, Create) else None,
        changed.captured_amount if changed else _captured(outcome),
        changed.reversed_amount if changed else 0,
        source.stream,
        command.requested_by,
        outcome.code,
        command.accepted_at,
        recorded_at,
        source.event_id,
        source.sequence,
        source.partition,
        source.offset,
    )


def _terms(outcome: Decision) -> Create | Child:
    """Kind, money and parties of what is recorded: a request's own, a command's by its original."""
    return outcome.child or cast("Create", outcome.command)


def _account_id(accounts: Mapping[AccountKey, AccountState], key: AccountKey | None) -> UUID | None:
    account = None if key is None else accounts.get(key)
    return None if account is None else account.id


def _captured(outcome: Decision) -> int:
    """What moved at once, with the request's own decision."""
    if outcome.child is None and outcome.state == "posted":
        return cast("Create", outcome.command).amount
    return 0


def _posting_rows(outcome: Decision, recorded_at: datetime) -> Iterator[tuple[Any, ...]]:
    transaction_id = outcome.command.recorded_as
    for account, direction, layer, amount, balance_after in outcome.legs:
        yield transaction_id, account.id, direction, layer, amount, balance_after, recorded_at


def _journal_rows(
    outcome: Decision, originals: Mapping[UUID, TransactionState], recorded_at: datetime
) -> Iterator[tuple[Any, ...]]:
    """The entry of the transaction that is new, and that of the original it changed."""
    command, change = outcome.command, outcome.change
    terms = _terms(outcome)
    entry = Entry(
        transaction_id=command.recorded_as,
        type=f"transaction_{outcome.state}",
        from_state="",
        to_state=outcome.state,
        code=outcome.code,
        actor=command.source.actor,
        cause=command.source.event_id,
        recorded_at=recorded_at,
        kind=terms.kind,
        amount=terms.amount,
        currency=terms.currency,
        legs=[(leg.account.id, *leg[1:]) for leg in outcome.legs],
    )
    yield (*entry[:8], entry_hash(entry))
    if change is not None:
        original = originals[change.transaction_id]
        entry = entry._replace(
            transaction_id=original.id,
            type=f"transaction_{change.to_state}",
            from_state=change.from_state,
            to_state=change.to_state,
            kind=original.kind,
            amount=original.amount,
            currency=original.currency,
            legs=(),
        )
        yield (*entry[:8], entry_hash(entry))


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
