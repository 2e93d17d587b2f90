"""What belongs to a process and to a service of the run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from common.inbox.wiring import Wiring
from tests.simulation.broker import Broker
from tests.simulation.clock import FakeEvent
from tests.simulation.database import Database, Transaction


@dataclass
class Side:
    """A service: its database, what it publishes and what it consumes."""

    source: str
    topic: str
    database: Database
    broker: Broker
    wakes: list[FakeEvent] = field(default_factory=list)
    wiring: Wiring | None = None
    peer: "Side | None" = None


@dataclass
class Odds:
    """How likely the small accidents are that need no plan."""

    answer_lost: float = 0.0
    hint_lost: float = 0.0


@dataclass
class Place:
    """What one process has: its service, and its database session's transaction."""

    side: Side
    random: Random
    odds: Odds
    transaction: Transaction | None = None
    sessions: list[Any] = field(default_factory=list)
    member: Any = None
    body: Callable[[], None] | None = None
    in_hand: Any = None

    def answer_is_lost(self) -> bool:
        """Whether the connection breaks after COMMIT has taken effect."""
        return self.random.random() < self.odds.answer_lost

    def hint_is_lost(self) -> bool:
        """Whether a commit of offsets never reaches the broker."""
        return self.random.random() < self.odds.hint_lost


def numbered_id(number: int) -> UUID:
    """A UUID that is easy to read in a trace."""
    return UUID(int=number)
