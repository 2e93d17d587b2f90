"""
Steps 6 to 8 of the road: one database transaction applies a batch of events.

Cursors, effects, outcome events, waiting and dead rows become true together or not at all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import Arrival, Poison
from common.inbox.cursors import cursors_lock, cursors_save
from common.inbox.models import InboxWaiting
from common.inbox.placement import Cursor, Placing, Turn
from common.inbox.waiting import (
    LOAD_MAX,
    PLACE_TAKEN,
    dead_store,
    streams_due,
    waiting_delete,
    waiting_load,
    waiting_settle,
    waiting_store,
)
from common.inbox.wiring import Batch, Received, Wiring


@dataclass(slots=True)
class BatchReport:
    """
    What one transaction did; `skipped` of the applied events mean nothing to this service.

    `due` names streams with waiting events whose turn it is; they take another batch.
    """

    applied: int = 0
    skipped: int = 0
    duplicates: int = 0
    waiting: int = 0
    dead: int = 0
    due: set[UUID] = field(default_factory=set)


def batch_apply(
    wiring: Wiring,
    arrivals: Sequence[Arrival | Poison],
    *,
    due: Collection[UUID] = (),
    unpark: bool = True,
) -> BatchReport:
    """
    Apply what has its turn, keep what comes early, bury what is poison; all in one transaction.

    `due` are streams to look into although nothing arrived for them. Without `unpark`, events
    that wait are left alone, so that one that fails can be told from the event before it.

    Raises whatever a handler or the database raises; nothing has happened then.
    """
    source = SOURCE_BY_TOPIC[wiring.topic]
    poison = [arrival for arrival in arrivals if isinstance(arrival, Poison)]
    events = [arrival for arrival in arrivals if isinstance(arrival, Arrival)]
    streams = {arrival.envelope.stream for arrival in events}.union(due)
    with transaction.atomic(durable=True):
        placing = Placing(cursors_lock(consumer=wiring.consumer, source=source, streams=streams))
        loaded = _take_up(wiring, source, placing, events, due) if unpark else []
        poison += [item for item in loaded if isinstance(item, Poison)]
        report = _apply(wiring, placing, events, due)
        _keep(wiring, source, placing, poison)
        cursors_save(consumer=wiring.consumer, source=source, cursors=placing.cursors.values())
        if not unpark or len(loaded) == LOAD_MAX:
            report.due = streams_due(
                consumer=wiring.consumer, source=source, cursors=placing.cursors.values()
            )
    report.dead = len(poison) + len(placing.forked)
    report.waiting = sum(arrival.row_id is None for arrival in placing.parked.values())
    report.duplicates = placing.duplicates
    return report


def _take_up(
    wiring: Wiring,
    source: str,
    placing: Placing,
    events: Sequence[Arrival],
    due: Iterable[UUID],
) -> list[Arrival | Poison]:
    """Read the waiting rows of every stream that is about to move."""
    moving = _moving(placing.cursors, events).union(due)
    loaded = waiting_load(consumer=wiring.consumer, source=source, streams=moving)
    for item in loaded:
        if isinstance(item, Arrival):
            placing.take_up(item)
    return loaded


def _moving(cursors: dict[UUID, Cursor], events: Sequence[Arrival]) -> set[UUID]:
    return {
        arrival.envelope.stream
        for arrival in events
        if cursors[arrival.envelope.stream].turn_of(arrival.envelope) is Turn.APPLY
    }


def _apply(
    wiring: Wiring, placing: Placing, events: Sequence[Arrival], due: Iterable[UUID]
) -> BatchReport:
    report = BatchReport()
    batch = wiring.open_batch()
    for stream in sorted(due):
        for arrival in placing.unpark(stream):
            _handle(wiring, batch, arrival, report)
    for event in events:
        for arrival in placing.take(event):
            _handle(wiring, batch, arrival, report)
    batch.write()
    return report


def _handle(wiring: Wiring, batch: Batch, arrival: Arrival, report: BatchReport) -> None:
    report.applied += 1
    handler = wiring.handlers.get(arrival.envelope.type)
    if handler is None or arrival.event is None:
        report.skipped += 1
        return
    received = Received(
        envelope=arrival.envelope,
        event=arrival.event,
        partition=arrival.record.partition,
        offset=arrival.record.offset,
        published_at=arrival.published_at,
        consumed_at=arrival.consumed_at,
    )
    handler(received, batch)


def _keep(wiring: Wiring, source: str, placing: Placing, poison: Sequence[Poison]) -> None:
    consumer = wiring.consumer
    waiting_settle(consumer=consumer, source=source, applied=placing.applied)
    waiting_delete(placing.duplicate_rows)
    waiting_store(consumer=consumer, arrivals=list(placing.parked.values()))
    dead_store(consumer=consumer, dead=poison, error_class=InboxWaiting.ErrorClass.POISON)
    dead_store(
        consumer=consumer,
        dead=placing.forked,
        error_class=InboxWaiting.ErrorClass.FORKED,
        error=PLACE_TAKEN,
    )
