"""
Steps 6 to 8 of the road: one database transaction applies a batch of events.

Cursors, effects, outcome events, waiting and dead rows become true together or not at all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import Arrival, Poison, stream_identity
from common.inbox.breaker import Fate
from common.inbox.conduct import PLAIN, Conduct
from common.inbox.cursors import cursors_lock, cursors_save
from common.inbox.dead import dead_store
from common.inbox.models import InboxWaiting
from common.inbox.placement import Cursor, Placing, Turn
from common.inbox.translate import effect_of
from common.inbox.waiting import (
    LOAD_MAX,
    PLACE_CONTESTED,
    PLACE_TAKEN,
    streams_due,
    waiting_delete,
    waiting_is_there,
    waiting_load,
    waiting_settle,
    waiting_store,
)
from common.inbox.wiring import Batch, Wiring


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

    def add(self, other: "BatchReport") -> None:
        """Count what another transaction did, too."""
        self.applied += other.applied
        self.skipped += other.skipped
        self.duplicates += other.duplicates
        self.waiting += other.waiting
        self.dead += other.dead
        self.due |= other.due


def batch_apply(
    wiring: Wiring,
    arrivals: Sequence[Arrival | Poison],
    *,
    due: Collection[UUID] = (),
    unpark: bool = True,
    conduct: Conduct = PLAIN,
) -> BatchReport:
    """
    Apply what has its turn, keep what comes early, bury what is poison; all in one transaction.

    `due` are streams to look into although nothing arrived for them. Without `unpark`, events
    that wait are left alone, so that one that fails can be told from the event before it.

    Raises whatever a handler or the database raises, and `BreakerTripped`; nothing has happened
    then.
    """
    with transaction.atomic(durable=conduct.durable):
        report, fates = _apply_all(wiring, arrivals, due, unpark, conduct)
        if conduct.breaker is not None:
            conduct.breaker.weigh(fates)
    if conduct.breaker is not None:
        conduct.breaker.count(fates)
    return report


def _apply_all(
    wiring: Wiring,
    arrivals: Sequence[Arrival | Poison],
    due: Collection[UUID],
    unpark: bool,  # noqa: FBT001  handed on
    conduct: Conduct,
) -> tuple[BatchReport, list[Fate]]:
    source = SOURCE_BY_TOPIC[wiring.topic]
    poison = [arrival for arrival in arrivals if isinstance(arrival, Poison)]
    events = [arrival for arrival in arrivals if isinstance(arrival, Arrival)]
    envelopes = [arrival.envelope for arrival in events]
    if conduct.baseline:
        envelopes += [p.envelope for p in poison if p.envelope and p.envelope.source == source]
    streams = {envelope.stream for envelope in envelopes}.union(due)
    placing = Placing(cursors_lock(consumer=wiring.consumer, source=source, streams=streams))
    new = {s for s, c in placing.cursors.items() if not c.last_sequence and conduct.baseline}
    due = new.union(due)
    kept = waiting_is_there(consumer=wiring.consumer, source=source, streams=placing.cursors)
    loaded = _take_up(wiring, source, placing, events, due) if kept and unpark else []
    if new:
        placing.begin_at_first(envelopes)
    poison += [item for item in loaded if isinstance(item, Poison)]
    report = _apply(wiring, placing, events, due)
    buried = _keep(wiring, source, placing, poison, kept=kept)
    cursors_save(consumer=wiring.consumer, source=source, cursors=placing.cursors.values())
    # What is left over by a process that died between two transactions shows when its stream
    # is heard of again: by an early event, or by one that was applied.
    if not unpark or len(loaded) == LOAD_MAX or placing.parked or placing.duplicates:
        report.due = streams_due(
            consumer=wiring.consumer, source=source, cursors=placing.cursors.values()
        )
    report.dead = len(buried)
    report.waiting = sum(arrival.row_id is None for arrival in placing.parked.values())
    report.duplicates = placing.duplicates
    return report, _fates(arrivals, placing.applied, buried)


def _fates(
    arrivals: Sequence[Arrival | Poison],
    applied: Sequence[Arrival],
    buried: Sequence[Arrival | Poison],
) -> list[Fate]:
    """What the breaker is to know, in the order in which the events came."""
    if not buried:
        return [None] * len(applied)
    dead = {id(item) for item in buried}
    order = {id(item): place for place, item in enumerate(arrivals)}
    settled = sorted([*applied, *buried], key=lambda item: order.get(id(item), len(order)))
    return [stream_identity(item) if id(item) in dead else None for item in settled]


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
    effect = arrival.effect or effect_of(wiring, arrival)
    if effect is None:
        report.skipped += 1
    else:
        effect(batch)


def _keep(
    wiring: Wiring, source: str, placing: Placing, poison: Sequence[Poison], *, kept: bool
) -> list[Arrival | Poison]:
    """
    Write what was applied, what waits and what is dead; returns what became dead.

    `kept` says whether anything was there before that could have to be settled.
    """
    consumer = wiring.consumer
    applied = [arrival.envelope for arrival in placing.applied] if kept else []
    rivals = waiting_settle(consumer=consumer, source=source, applied=applied)
    waiting_delete(placing.duplicate_rows)
    waiting_store(consumer=consumer, arrivals=list(placing.parked.values()))
    classes = InboxWaiting.ErrorClass
    contested = [arrival for claimants in placing.contested.values() for arrival in claimants]
    return [
        *dead_store(consumer=consumer, dead=poison, error_class=classes.POISON),
        *dead_store(
            consumer=consumer,
            dead=[*placing.forked, *rivals],
            error_class=classes.FORKED,
            error=PLACE_TAKEN,
        ),
        *dead_store(
            consumer=consumer,
            dead=contested,
            error_class=classes.CONTESTED,
            error=PLACE_CONTESTED,
        ),
    ]
