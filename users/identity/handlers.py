"""Step 10 of the road: the ledger's answer to somebody who asked to be closed."""

from typing import Protocol

from common.events.codec import EventInvalid
from common.events.contracts import UserCloseDecidedV1
from common.inbox.wiring import Effect, Received
from users.identity.lifecycle import By, CloseDecision


class Closings(Protocol):
    """What a batch has for the answers in it."""

    close_decisions: list[CloseDecision]


def on_user_close_decided(received: Received) -> Effect:
    """
    All wallets are closed, or none is.

    Raises `EventInvalid` when the event is about another user than its stream.
    """
    event, envelope = received.event, received.envelope
    if not isinstance(event, UserCloseDecidedV1):
        raise TypeError(f"wired to {envelope.type}")
    if event.user_id != envelope.stream:
        raise EventInvalid("the user is not the one of this stream")
    if event.closed != (event.code is None):
        raise EventInvalid("a refusal has a code, and nothing else has")
    decision = CloseDecision(
        user_id=event.user_id,
        request_event_id=event.cause.event_id,
        code=event.code,
        by=By(
            actor=envelope.actor,
            at=event.decided_at,
            correlation_id=envelope.correlation_id,
            causation_id=str(envelope.id),
            traceparent=envelope.traceparent,
        ),
    )

    def decide(batch: Closings) -> None:
        batch.close_decisions.append(decision)

    return decide
