"""What is said over the internal API and in exported files; plain values, checked when read."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    How far a consumer has come in one stream of its source.

    `held` are the event ids of dead letters that claim the next place and need a person.
    `waiting_sequence` is the highest sequence that waits for its turn, with its event; None
    without any.
    """

    stream: UUID
    last_sequence: int = 0
    last_event_id: UUID | None = None
    forked: bool = False
    held: tuple[UUID, ...] = ()
    waiting_sequence: int | None = None
    waiting_event_id: UUID | None = None


class StandingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Standings by stream; `consumer` is the Kafka group, `after` where the next page begins."""

    consumer: str
    data: list[Standing]
    after: UUID | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the ledger decided about a request, in the words both services share.

    Amounts are minor units; `captured_amount` is what moved, `reversed_amount` what went back of
    it. `stream` is the user whose wallet it is about. What was not legible of a request that
    staff discarded is None.
    """

    id: UUID
    stream: UUID
    kind: str | None
    state: str
    amount: int | None
    currency: str | None
    captured_amount: int
    reversed_amount: int = 0
    rejection_code: str | None
    accepted_at: datetime | None
    recorded_at: datetime


class DecisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions by id, ascending."""

    data: list[Decision]
    after: UUID | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """
    What users keeps of a request, as `Decision`; `state` is `pending` without an outcome.

    `settled_at` is None until then.
    """

    id: UUID
    stream: UUID
    kind: str
    state: str
    amount: int
    currency: str
    captured_amount: int
    reversed_amount: int = 0
    rejection_code: str | None
    accepted_at: datetime
    settled_at: datetime | None


class AskedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Requests by id, ascending."""

    data: list[Asked]
    after: UUID | None = None


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """
    An event as its producer would announce it today, and the place that it was given.

    `type` and `data` are of a version that both sides know.
    """

    event_id: UUID
    stream: UUID
    sequence: int
    type: str
    data: dict[str, Any]


class AnnouncedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events in the order in which they were announced."""

    data: list[Announced]
    after: UUID | None = None


class KeptSealTold(msgspec.Struct, frozen=True, kw_only=True):
    """A seal over the ledger's journal as users kept it; digests are hexadecimal."""

    number: int
    entries: int
    last_sequence: int
    previous: str
    digest: str
    sealed_at: datetime


class KeptSealPage(msgspec.Struct, frozen=True, kw_only=True):
    """Seals by number, ascending."""

    data: list[KeptSealTold]
    after: int | None = None


class StaffTold(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the users console says of somebody of staff, at a sign-on and whenever it is asked again.

    `sub` is their id; `roles` is never empty. `stamp` changes when every session of theirs ends.
    """

    sub: UUID
    email: str
    name: str
    roles: list[str]
    stamp: str


class StaffPage(msgspec.Struct, frozen=True, kw_only=True):
    """Active staff with a role, of those who were asked about."""

    data: list[StaffTold]


class ExportHeader(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a file of decisions: of when it is, and which streams staff must look at."""

    exported_at: datetime
    held: list[UUID]


def builtins_of(value: msgspec.Struct) -> Any:
    """The value as what a JSON renderer takes."""
    return msgspec.to_builtins(value)
