"""What an outcome tells of its road, as columns of the rows that it settles (`OutcomeRoad`)."""

from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from common.events.contracts import OutcomeEvent
from common.inbox.wiring import Received

_TYPES = {"id": "uuid", "partition": "int", "offset": "bigint", "at": "timestamptz"}


class Road(NamedTuple):
    """The members have the names of the columns; all None where nothing is to be kept."""

    cause_event_id: UUID | None = None
    cause_partition: int | None = None
    cause_offset: int | None = None
    cause_published_at: datetime | None = None
    cause_consumed_at: datetime | None = None
    decided_at: datetime | None = None
    outcome_event_id: UUID | None = None
    outcome_partition: int | None = None
    outcome_offset: int | None = None
    outcome_published_at: datetime | None = None
    outcome_consumed_at: datetime | None = None

    @classmethod
    def of(cls, event: OutcomeEvent, received: Received) -> Self:
        """The road of what asked, as the ledger met it, and of its outcome, as we did."""
        cause = event.cause
        return cls(
            cause_event_id=cause.event_id,
            cause_partition=cause.partition,
            cause_offset=cause.offset,
            cause_published_at=cause.published_at,
            cause_consumed_at=event.consumed_at,
            decided_at=event.decided_at,
            outcome_event_id=received.envelope.id,
            outcome_partition=received.partition,
            outcome_offset=received.offset,
            outcome_published_at=received.published_at,
            outcome_consumed_at=received.consumed_at,
        )


UNTOLD = Road()

ROAD_COLUMNS = ", ".join(Road._fields)
"""For SQL, in the order of the members."""

ROAD_TOLD = ", ".join(f"outcome.{name}" for name in Road._fields)
"""The columns of an `outcome`, for SQL."""

ROAD_ARRAYS = ", ".join(f"%s::{_TYPES[name.rpartition('_')[2]]}[]" for name in Road._fields)
"""Parameters that hold the roads of many outcomes, for SQL."""


def road_kept(table: str) -> str:
    """Assignments for SQL: a row takes over the road of its `outcome`, where that tells one."""
    return ", ".join(f"{name} = coalesce(outcome.{name}, {table}.{name})" for name in Road._fields)
