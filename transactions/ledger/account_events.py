"""Step 9 of the road: what the ledger announces about the status of wallets and their owners."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from common.events.contracts import (
    AccountClosedV1,
    AccountFrozenV1,
    AccountUnfrozenV1,
    Cause,
    Event,
    UserCloseDecidedV1,
)
from common.outbox.append import NewEvent
from transactions.ledger.engine import Source
from transactions.ledger.models import Account


class Motive(NamedTuple):
    """
    Who changes an account and why, and how it is traced; `cause` is the event behind it, if any.

    `actor` is `user:<id>`, `staff:<id>` or `system:<name>`.
    """

    actor: str
    reason: str
    correlation_id: str
    cause: UUID | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, source: Source, *, reason: str) -> "Motive":
        """The motive of a change that an event led to."""
        return cls(source.actor, reason, source.correlation_id, source.event_id, source.traceparent)


def account_status_event(account: Account, *, at: datetime, motive: Motive) -> NewEvent:
    """What a wallet has become, on its owner's stream."""
    if account.owner is None:
        raise TypeError("an account of the house has no stream")
    known: dict[str, Any] = {
        "account_id": account.pk,
        "owner": account.owner,
        "currency": account.currency,
    }
    event: Event
    match account.status:
        case Account.Status.FROZEN:
            event = AccountFrozenV1(**known, frozen_at=at)
        case Account.Status.OPEN:
            event = AccountUnfrozenV1(**known, unfrozen_at=at)
        case _:
            event = AccountClosedV1(**known, closed_at=at)
    return _new_event(event, stream=account.owner, at=at, motive=motive)


def close_decided_event(*, source: Source, code: str | None, at: datetime) -> NewEvent:
    """The answer to who asked to be closed, on their stream; without a code they are closed."""
    event = UserCloseDecidedV1(
        user_id=source.stream,
        closed=code is None,
        code=code,
        cause=Cause(
            event_id=source.event_id,
            partition=source.partition,
            offset=source.offset,
            published_at=source.published_at,
        ),
        consumed_at=source.consumed_at,
        decided_at=at,
    )
    return _new_event(event, stream=source.stream, at=at, motive=Motive.of(source, reason=""))


def _new_event(event: Event, *, stream: UUID, at: datetime, motive: Motive) -> NewEvent:
    return NewEvent(
        stream=stream,
        event=event,
        occurred_at=at,
        actor=motive.actor,
        correlation_id=motive.correlation_id,
        causation_id=None if motive.cause is None else str(motive.cause),
        traceparent=motive.traceparent,
    )
