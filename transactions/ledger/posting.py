"""Step 8 of the road: write what the engine decided, in sets."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, cast
from uuid import UUID

from common.db.copying import NewRows, bytea_of, tables_copy
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
from transactions.ledger.journal import FACTS_COLUMNS, Entry, Facts, entry_hash

_TRANSACTION = (
    *("id", "kind", "state", "amount", "currency", "captured_amount", "reversed_amount"),
    *FACTS_COLUMNS,
)
_POSTING = (
    *("transaction_id", "account_id", "direction", "layer", "amount", "balance_after"),
    "recorded_at",
)
_JOURNAL = (
    *("transaction_id", "type", "from_state", "to_state", "code", "actor", "cause"),
    *("recorded_at", "hash"),
)


_MANY = 200
"""Decisions whose rows take longer to make than a thread takes to begin, by far."""


def decisions_record(
    decisions: Decisions,
    *,
    accounts: Mapping[AccountKey, AccountState],
    recorded_at: datetime,
    announced: Iterable[NewRows] = (),
) -> None:
    """
    Write ledger transactions, postings and journal entries, in the caller's transaction.

    One statement for each table, whatever the number of decisions, and then those of
    `announced`. What became of a transaction later in the same batch is in its row from the
    start. Raises `TransactionAlreadyRecorded` when one of the ids is there already; the caller's
    transaction is broken then.
    """
    with refusing({"ledger_transaction_pkey": TransactionAlreadyRecorded}):
        tables_copy(
            chain(_rows(decisions, accounts, recorded_at), announced),
            many=len(decisions.outcomes) >= _MANY,
        )


def _rows(
    decisions: Decisions, accounts: Mapping[AccountKey, AccountState], recorded_at: datetime
) -> Iterator[NewRows]:
    outcomes = decisions.outcomes
    facts: list[Facts] = []
    yield NewRows(
        "ledger_transaction",
        _TRANSACTION,
        _transaction_rows(decisions, facts, accounts, recorded_at),
    )
    yield NewRows(
        "ledger_posting",
        _POSTING,
        (row for outcome in outcomes for row in _posting_rows(outcome, recorded_at)),
    )
    originals = decisions.created | {one.id: one for one in decisions.transactions}
    yield NewRows(
        "ledger_journal_entry",
        _JOURNAL,
        (
            row
            for outcome, its_facts in zip(outcomes, facts, strict=True)
            for row in _journal_rows(outcome, originals, its_facts)
        ),
    )


def _facts(
    outcome: Decision, accounts: Mapping[AccountKey, AccountState], recorded_at: datetime
) -> Facts:
    """What the row of a transaction and its first journal entry both tell."""
    command, child = outcome.command, outcome.child
    source = command.source
    terms = _terms(outcome)
    return Facts(
        debit_account=_account_id(accounts, terms.debit),
        credit_account=_account_id(accounts, terms.credit),
        pending_id=child.pending_id if child else None,
        reverses_id=child.reverses_id if child else None,
        hold_expires_at=terms.hold_expires_at if isinstance(terms, Create) else None,
        stream=source.stream,
        requested_by=command.requested_by,
        rejection_code=outcome.code,
        reference=terms.reference if isinstance(terms, Create) else None,
        effective_at=command.accepted_at,
        recorded_at=recorded_at,
        source_event_id=source.event_id,
        source_sequence=source.sequence,
        source_partition=source.partition,
        source_offset=source.offset,
    )


def _transaction_rows(
    decisions: Decisions,
    facts: list[Facts],
    accounts: Mapping[AccountKey, AccountState],
    recorded_at: datetime,
) -> Iterator[tuple[Any, ...]]:
    """One row for each decision; what the journal tells of it, too, is added to `facts`."""
    for outcome in decisions.outcomes:
        facts.append(_facts(outcome, accounts, recorded_at))
        changed = decisions.created.get(outcome.command.recorded_as)
        yield _transaction_row(outcome, changed, facts[-1])


def _transaction_row(
    outcome: Decision, changed: TransactionState | None, facts: Facts
) -> tuple[Any, ...]:
    """`changed` is the transaction as later commands of the batch left it, None if as decided."""
    terms = _terms(outcome)
    return (
        outcome.command.recorded_as,
        terms.kind,
        changed.state if changed else outcome.state,
        terms.amount,
        terms.currency,
        changed.captured_amount if changed else _captured(outcome),
        changed.reversed_amount if changed else 0,
        *facts,
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
    outcome: Decision, originals: Mapping[UUID, TransactionState], facts: Facts
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
        recorded_at=facts.recorded_at,
        kind=terms.kind,
        amount=terms.amount,
        currency=terms.currency,
        legs=[(leg.account.id, *leg[1:]) for leg in outcome.legs],
        facts=facts,
    )
    yield (*entry[:8], bytea_of(entry_hash(entry)))
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
            facts=None,
        )
        yield (*entry[:8], bytea_of(entry_hash(entry)))
