"""What people ask for, and what must come of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from common.demo_history.people import Person

_EVENT, _OUTCOME, _OPENED = 1, 2, 3


class Place(NamedTuple):
    """Where an event of users stands: in its stream, and in its topic."""

    sequence: int
    partition: int
    offset: int


@dataclass(slots=True, kw_only=True)
class Request:
    """
    A request with its first outcome (`state`, `code`) and what it has come to at the end.

    Amounts are minor units.
    """

    id: UUID
    owner: Person
    asker: Person
    kind: Literal["transfer", "withdrawal", "deposit"]
    counterparty: Person | None
    amount: int
    currency: str
    accepted_at: datetime
    decided_at: datetime
    place: Place
    reference: str | None
    description: str | None
    metadata: dict[str, str]
    state: str
    code: str | None = None
    hold_expires_in_s: int | None = None
    status: str = ""
    settled_at: datetime | None = None
    captured: int = 0
    reversed: int = 0

    @property
    def hold_expires_at(self) -> datetime | None:
        """When its hold is over; None without one."""
        if self.hold_expires_in_s is None:
            return None
        return self.accepted_at + timedelta(seconds=self.hold_expires_in_s)


@dataclass(slots=True, kw_only=True)
class Command:
    """A command about a request, and its outcome; nobody asks for an expiry."""

    id: UUID
    original: Request
    type: Literal["capture", "void", "expiry", "reverse"]
    asker: Person | None
    amount: int | None
    applied: int | None
    code: str | None
    accepted_at: datetime
    decided_at: datetime
    place: Place

    @property
    def owner(self) -> Person:
        """Whose stream it is in."""
        return self.original.owner


Step = Request | Command


class Opened(NamedTuple):
    """A wallet that a request is the first to use."""

    owner: Person
    currency: str
    by: Request


@dataclass(slots=True)
class Burst:
    """What is accepted within some seconds and recorded together, in order."""

    at: datetime
    steps: list[Step] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)


class Heads(NamedTuple):
    """The last event of both services in one stream."""

    sequence: int
    event_id: UUID
    answered: int
    answer_id: UUID | None


def event_id(of: UUID) -> UUID:
    """The id of the event that told of a request, a command or a person."""
    return UUID(int=of.int ^ _EVENT)


def outcome_id(of: UUID) -> UUID:
    """The id of the event that told what became of it."""
    return UUID(int=of.int ^ _OUTCOME)


def opened_id(of: UUID, *, credit: bool) -> UUID:
    """The id of the event that told of a wallet which a request opened."""
    return UUID(int=of.int ^ (_OPENED << 2 if credit else _OPENED << 4))


def suspended_id(of: UUID) -> UUID:
    """The id of the event that told of somebody's suspension."""
    return UUID(int=of.int ^ _OUTCOME)


def idempotency_key(of: UUID) -> str:
    """The key that it was asked for with."""
    return f"demo-{of}"


def request_id(of: UUID) -> str:
    """The request that it came with."""
    return str(UUID(int=of.int ^ (1 << 40)))
