"""Step 9 of the road: what the ledger announces about its decisions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from common.events.contracts import (
    AccountOpenedV1,
    Cause,
    Event,
    PostedLeg,
    TransactionPostedV1,
    TransactionRejectedV1,
)
from common.outbox.append import NewEvent
from transactions.ledger.accounts import OpenedAccount
from transactions.ledger.engine import Command, Decision, Source


def outcome_events(decisions: Sequence[Decision], *, decided_at: datetime) -> list[NewEvent]:
    """One outcome for each decision, in order, on the stream of its request."""
    return [_outcome(decision, decided_at) for decision in decisions]


def accounts_opened_events(
    opened: Sequence[OpenedAccount], commands: Sequence[Command]
) -> Iterator[NewEvent]:
    """One event for each new wallet on its owner's stream, caused by its first use."""
    by_key = {account.key: account for account in opened}
    for command in commands:
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
        transaction_id=transaction_id,
        cause=_cause(source),
        consumed_at=source.consumed_at,
        decided_at=decided_at,
        code=code,
    )
    return _new_event(event, stream=source.stream, source=source, occurred_at=decided_at)


def _outcome(decision: Decision, decided_at: datetime) -> NewEvent:
    command = decision.command
    source = command.source
    if decision.to_state == "rejected":
        return rejection_event(
            transaction_id=command.transaction_id,
            code=decision.code,
            source=source,
            decided_at=decided_at,
        )
    event = TransactionPostedV1(
        transaction_id=command.transaction_id,
        cause=_cause(source),
        consumed_at=source.consumed_at,
        decided_at=decided_at,
        amount=command.amount,
        currency=command.currency,
        postings=[
            PostedLeg(account_id=leg.account.id, direction=leg.direction, amount=leg.amount)
            for leg in decision.legs
        ],
    )
    return _new_event(event, stream=source.stream, source=source, occurred_at=decided_at)


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
