"""A consumer for tests: its only effect is one outcome event for every event it applies."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.events.contracts import Cause, TransactionCreatedV1, TransactionRejectedV1
from common.events.envelope import headers_decode
from common.events.topics import USERS_EVENTS
from common.inbox.arrival import arrive
from common.inbox.wiring import Discarded, Effect, Received, Wiring
from common.outbox.append import NewEvent, outbox_append_many
from common.outbox.models import OutboxMessage
from tests.factories.events import NOON, record


@dataclass
class Echo:
    """Collects events; when written, `before` may raise for all and `fail` for one of them."""

    fail: Callable[[Received], None] = lambda _: None
    before: Callable[[list[Received]], None] = lambda _: None
    received: list[Received] = field(default_factory=list)

    def write(self) -> None:
        self.before(self.received)
        for received in self.received:
            self.fail(received)
        outbox_append_many(events=[_outcome(received) for received in self.received])


def on_created(received: Received) -> Effect:
    return lambda batch: batch.received.append(received)


def echo_wiring(
    fail: Callable[[Received], None] = lambda _: None,
    before: Callable[[list[Received]], None] = lambda _: None,
    discard: Callable[[Discarded, Any], None] = lambda *_: None,
) -> Wiring:
    """A consumer of users.events that answers every created transaction."""
    return Wiring(
        consumer="echo",
        topic=USERS_EVENTS,
        handlers={TransactionCreatedV1.TYPE: on_created},
        open_batch=lambda: Echo(fail, before),
        discards={"transaction_created": discard},
    )


class Guilty(set[str]):
    """Ids of events that a handler fails for."""

    def fail(self, received: Received) -> None:
        if str(received.envelope.id) in self:
            raise ValueError(f"cannot do {received.envelope.sequence}")


GUILTY = Guilty()

WIRING = echo_wiring(GUILTY.fail)
"""For commands, which find it by its name: `GUILTY` says which events fail."""


def letters_sent() -> list[OutboxMessage]:
    """What the outbox has for the dead letter topic."""
    return list(OutboxMessage.objects.filter(stream=None).order_by("position"))


def applied_ids(stream) -> list[str]:
    """The ids of the events that took effect, in the order of their effect."""
    rows = OutboxMessage.objects.filter(stream=stream).order_by("sequence")
    return [row.causation_id for row in rows]


def arrivals_of(*records):
    return [arrive(one, consumed_at=NOON) for one in records]


def stream_of(stream, count):
    """`count` records of a stream in order, each with an id of its own."""
    return [record(stream=stream, sequence=n, offset=n) for n in range(1, count + 1)]


def ids_of(records):
    return [str(headers_decode(one.headers).id) for one in records]


def _outcome(received: Received) -> NewEvent:
    envelope = received.envelope
    return NewEvent(
        stream=envelope.stream,
        event=TransactionRejectedV1(
            transaction_id=received.event.subject,
            code="echo",
            cause=Cause(
                event_id=envelope.id,
                partition=received.partition,
                offset=received.offset,
                published_at=received.published_at,
            ),
            consumed_at=received.consumed_at,
            decided_at=NOON,
        ),
        occurred_at=NOON,
        actor="system:echo",
        correlation_id=envelope.correlation_id,
        causation_id=str(envelope.id),
    )
