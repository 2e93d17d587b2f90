"""What a service says about its consumer; each service's `wiring.py` holds one `Wiring`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from common.events.contracts import Event
from common.events.envelope import Envelope


class Received(Struct, frozen=True, kw_only=True):
    """
    An event in its place in its stream, decoded, and where Kafka kept it.

    `published_at` is Kafka's timestamp, `consumed_at` this process's clock when the record was
    polled; both are for display and decide nothing.
    """

    envelope: Envelope
    event: Event
    partition: int
    offset: int
    published_at: datetime
    consumed_at: datetime


class Batch(Protocol):
    """
    The effects of one database transaction, collected in the order of events.

    `write` is called once, after the last effect, inside the transaction, and makes all of
    them true with set-based statements. A business refusal is an outcome that `write` records,
    never an error. What it raises rolls the whole batch back: transient database errors are
    retried, anything else is bisected down to the event that causes it.
    """

    def write(self) -> None: ...


Effect = Callable[[Any], None]
"""Adds an event to the batch in which it has its turn; once more where that is tried again."""

Handler = Callable[[Received], Effect]
"""
Translates one event into the service's terms.

It does no I/O. It may be called on any thread and before anybody knows whether the event has its
turn, so what it finds wrong must not depend on anything else than the event.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Discarded:
    """
    An event that staff discard in its turn: what it asked for will never happen.

    `event` is None when its data are not legible, and nobody else could say. `actor` is who
    discards it.
    """

    envelope: Envelope
    event: Event | None
    partition: int
    offset: int
    published_at: datetime
    consumed_at: datetime
    actor: str


Discard = Callable[[Discarded, Any], None]
"""
Adds what discarding an event implies to the batch, in the transaction that moves the cursor.

Raises `DiscardRefused` when the event must not be discarded.
"""


Announced = Callable[[Envelope], Event]
"""
What the producer says that it announced by an event, asked outside of transactions.

Raises `DiscardRefused` when it cannot say.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring:
    """
    A service's consumer: who it is, what it reads, and what each event type does.

    `consumer` names the cursors and is the Kafka group, so it never changes. `handlers` is by
    event type; types without a handler are skipped, and their stream moves on. `discards` is by
    the name of the event without its version: also one of a version that nobody here can read
    may be discarded. `announced` is by the same names: for events that cannot be discarded
    without their data, it asks the producer where these are illegible.
    """

    consumer: str
    topic: str
    handlers: Mapping[str, Handler]
    open_batch: Callable[[], Batch]
    discards: Mapping[str, Discard] = field(default_factory=dict)
    announced: Mapping[str, Announced] = field(default_factory=dict)
