"""Step 9 of the road: what the ledger announces about its decisions."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from common.events.contracts import (
    AccountOpenedV1,
    Cause,
    Event,
    PostedLeg,
    TransactionAuthorisedV1,
    TransactionCommandRejectedV1,
    TransactionExpiredV1,
    TransactionPostedV1,
    TransactionRejectedV1,
    TransactionReversedV1,
    TransactionVoidedV1,
)
from common.outbox.append import NewEvent
from transactions.ledger.accounts import OpenedAccount
from transactions.ledger.engine import Change, Child, Command, Create, Decision, Source


def outcome_events(decisions: Iterable[Decision], *, decided_at: datetime) -> Iterator[NewEvent]:
    """One outcome for each decision, in order, on the stream of its request."""
    return (_outcome(decision, decided_at) for decision in decisions)


def accounts_opened_events(
    opened: Sequence[OpenedAccount], commands: Sequence[Command]
) -> Iterator[NewEvent]:
    """One event for each new wallet on its owner's stream, caused by its first use."""
    by_key = {account.key: account for account in opened}
    for command in commands:
        if not isinstance(command, Create):  # an original has its accounts
            continue
        for key in (command.debit, command.credit):
            account = by_key.pop(key, None)
            if account is not None and key.owner is not None:
                event = AccountOpenedV1(
                    account_id=account.id,
                    owner=key.owner,
                    currency=key.currency,
                    opened_at=account.opened_at,
                )
                yield _new_event(
                    event, stream=key.owner, source=command.source, occurred_at=account.opened_at
                )


def rejection_event(
    *, transaction_id: UUID, code: str, source: Source, decided_at: datetime
) -> NewEvent:
    """The outcome of a request that is refused, on its stream."""
    event = TransactionRejectedV1(
        **_facts(transaction_id, source, decided_at),
        code=code,
    )
    return _new_event(event, stream=source.stream, source=source, occurred_at=decided_at)


def command_rejection_event(
    *,
    command_id: UUID,
    transaction_id: UUID,
    code: str,
    state: str,
    source: Source,
    decided_at: datetime,
) -> NewEvent:
    """The outcome of a command that is refused; `state` is what its original is in."""
    event = TransactionCommandRejectedV1(
        **_facts(transaction_id, source, decided_at),
        command_id=command_id,
        code=code,
        state=state,
    )
    return _new_event(event, stream=source.stream, source=source, occurred_at=decided_at)


def _outcome(decision: Decision, decided_at: datetime) -> NewEvent:
    command, child = decision.command, decision.child
    source = command.source
    if decision.state == "rejected":
        if child is None:
            return rejection_event(
                transaction_id=command.transaction_id,
                code=decision.code,
                source=source,
                decided_at=decided_at,
            )
        return command_rejection_event(
            command_id=command.recorded_as,
            transaction_id=command.transaction_id,
            code=decision.code,
            state=child.original_state,
            source=source,
            decided_at=decided_at,
        )
    facts = _facts(command.transaction_id, source, decided_at)
    facts["postings"] = [
        PostedLeg(
            account_id=leg.account.id,
            direction=leg.direction,
            amount=leg.amount,
            layer=leg.layer,
        )
        for leg in decision.legs
    ]
    if child is None:
        event = _created(decision, facts)
    else:
        event = _done(command.recorded_as, child, cast("Change", decision.change), facts)
    return _new_event(event, stream=source.stream, source=source, occurred_at=decided_at)


def _created(decision: Decision, facts: dict[str, Any]) -> Event:
    """What became of a request at once."""
    command = cast("Create", decision.command)
    facts |= {"amount": command.amount, "currency": command.currency}
    if decision.state == "authorised":
        return TransactionAuthorisedV1(**facts)
    return TransactionPostedV1(**facts)


def _done(command_id: UUID, child: Child, change: Change, facts: dict[str, Any]) -> Event:
    """What a command did to its original."""
    facts |= {"command_id": command_id, "amount": child.amount, "currency": child.currency}
    match child.kind:
        case "capture":
            return TransactionPostedV1(**facts)
        case "void":
            return TransactionVoidedV1(**facts)
        case "expiry":
            return TransactionExpiredV1(**facts)
        case "reversal":
            facts |= {"state": change.to_state, "reversed_amount": change.reversed_amount}
            return TransactionReversedV1(**facts)


def _facts(transaction_id: UUID, source: Source, decided_at: datetime) -> dict[str, Any]:
    """What every outcome says."""
    return {
        "transaction_id": transaction_id,
        "cause": _cause(source),
        "consumed_at": source.consumed_at,
        "decided_at": decided_at,
    }


def _cause(source: Source) -> Cause:
    return Cause(
        event_id=source.event_id,
        partition=source.partition,
        offset=source.offset,
        published_at=source.published_at,
    )


def _new_event(event: Event, *, stream: UUID, source: Source, occurred_at: datetime) -> NewEvent:
    return NewEvent(
        stream=stream,
        event=event,
        occurred_at=occurred_at,
        actor=source.actor,
        correlation_id=source.correlation_id,
        causation_id=str(source.event_id),
        traceparent=source.traceparent,
    )
