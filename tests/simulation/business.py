"""What the two services of a run do with events: as little as possible, and all of it counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.events.contracts import (
    Cause,
    TransactionRejectedV1,
    UserActivatedV1,
    UserRegisteredV1,
)
from common.inbox.wiring import Received
from common.outbox.append import NewEvent, outbox_append
from tests.simulation.clock import now
from tests.simulation.database import FakeTransactions, statement
from tests.simulation.outbox_tables import stream_accepting_set

EFFECTS = "effect"


@dataclass(frozen=True, slots=True)
class Effect:
    """One event that took effect."""

    stream: UUID
    sequence: int
    event_id: UUID
    type: str


class Effects:
    """What one batch does: an effect for each event, and what the service makes of it."""

    def __init__(self, write: Callable[[Received], None]) -> None:
        self.received: list[Received] = []
        self._write = write

    def write(self) -> None:
        opened = statement("write effects")
        for received in self.received:
            known = received.envelope
            row = Effect(known.stream, known.sequence, known.id, known.type)
            opened.write(EFFECTS, opened.database.draw(EFFECTS), row)
            self._write(received)


def gate(stream: UUID, *, closes: bool) -> None:
    """Close or open a stream, and announce it, in one transaction."""
    with FakeTransactions().atomic(durable=True):
        stream_accepting_set(stream=stream, accepting=not closes)
        event: Any = UserActivatedV1(user_id=stream, status="active", activated_at=now())
        if closes:
            event = UserRegisteredV1(
                user_id=stream, status="pending_verification", registered_at=now()
            )
        outbox_append(
            event=NewEvent(
                stream=stream,
                event=event,
                occurred_at=now(),
                actor="staff:sim",
                correlation_id="gate",
            )
        )


def outcome(received: Received) -> NewEvent:
    """What the ledger says of a request: it refuses everything."""
    known = received.envelope
    return NewEvent(
        stream=known.stream,
        event=TransactionRejectedV1(
            transaction_id=received.event.subject,
            code="simulated",
            cause=Cause(
                event_id=known.id,
                partition=received.partition,
                offset=received.offset,
                published_at=received.published_at,
            ),
            consumed_at=received.consumed_at,
            decided_at=now(),
        ),
        occurred_at=now(),
        actor="system:ledger",
        correlation_id=known.correlation_id,
        causation_id=str(known.id),
    )
