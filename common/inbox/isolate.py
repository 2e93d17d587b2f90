"""
Step 6 of the road, when something is wrong: find the one event that fails, and let others pass.

A batch that fails for no passing reason is halved until single events are left. One that fails
three times alone is a dead letter of class `bug`; only its own stream waits behind it. One that a
handler finds to contradict itself (`EventInvalid`) is poison, and is not tried again.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog
from django.db import transaction

from common.db.transient import is_transient
from common.events.codec import EventInvalid
from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import Arrival, Poison
from common.inbox.batch import BatchReport, batch_apply
from common.inbox.models import InboxWaiting
from common.inbox.waiting import dead_store, waiting_first
from common.inbox.wiring import Wiring

log = structlog.get_logger(__name__)

ATTEMPTS_MAX = 3


def batch_isolate(wiring: Wiring, arrivals: Sequence[Arrival | Poison]) -> BatchReport:
    """
    Apply a batch; what fails for good becomes a dead letter, everything else takes effect.

    Several transactions in the worst case, each whole by itself. Safe to call again with the
    same records: what was applied is a duplicate then.

    Raises transient database errors only; call again when the database is back.
    """
    try:
        report = batch_apply(wiring, arrivals)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("batch_failed", records=len(arrivals))
        report = _halve(wiring, arrivals)
    _apply_due(wiring, report)
    return report


def _halve(wiring: Wiring, arrivals: Sequence[Arrival | Poison]) -> BatchReport:
    if len(arrivals) == 1:
        return _alone(wiring, arrivals[0])
    middle = len(arrivals) // 2
    total = BatchReport()
    for half in (arrivals[:middle], arrivals[middle:]):
        try:
            report = batch_apply(wiring, half, unpark=False)
        except Exception as error:
            if is_transient(error):
                raise
            report = _halve(wiring, half)
        _add(total, report)
    return total


def _alone(wiring: Wiring, arrival: Arrival | Poison) -> BatchReport:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return batch_apply(wiring, [arrival], unpark=False)
        except Exception as error:
            if is_transient(error):
                raise
            if isinstance(error, EventInvalid):
                return _bury(arrival, wiring=wiring, reason=str(error), attempts=attempt)
            log.exception("event_failed", attempt=attempt, fingerprint=arrival.fingerprint)
            reason = f"{type(error).__name__}: {error}"
    return _bury(arrival, wiring=wiring, reason=reason, attempts=ATTEMPTS_MAX, bug=True)


def _apply_due(wiring: Wiring, report: BatchReport) -> None:
    """Apply what became due behind this batch, stream by stream, and row by row if it fails."""
    while report.due:
        stream = report.due.pop()
        try:
            _add(report, batch_apply(wiring, [], due=[stream]))
        except Exception as error:
            if is_transient(error):
                raise
            _add(report, _one_by_one(wiring, stream))


def _one_by_one(wiring: Wiring, stream: UUID) -> BatchReport:
    """Apply what waits in a stream event by event, up to the one that fails, which is buried."""
    source = SOURCE_BY_TOPIC[wiring.topic]
    total = BatchReport(due={stream})
    while stream in total.due:
        total.due.clear()
        first = waiting_first(consumer=wiring.consumer, source=source, stream=stream)
        if first is not None:
            _add(total, _alone(wiring, first))
    return total


def _bury(
    arrival: Arrival | Poison, *, wiring: Wiring, reason: str, attempts: int, bug: bool = False
) -> BatchReport:
    classes = InboxWaiting.ErrorClass
    with transaction.atomic(durable=True):
        dead_store(
            consumer=wiring.consumer,
            dead=[arrival],
            error_class=classes.BUG if bug else classes.POISON,
            error=reason,
            attempts=attempts,
        )
    return BatchReport(dead=1)


def _add(total: BatchReport, report: BatchReport) -> None:
    total.applied += report.applied
    total.skipped += report.skipped
    total.duplicates += report.duplicates
    total.waiting += report.waiting
    total.dead += report.dead
    total.due |= report.due
