"""
Step 6 of the road, when something is wrong: find the one event that fails, and let others pass.

A batch that fails for no passing reason is halved until single events are left. One that fails
three times alone is a dead letter of class `bug`; only its own stream waits behind it. One that a
handler finds to contradict itself (`EventInvalid`) is poison, and is not tried again.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

import structlog
from django.db import transaction

from common.db.transient import is_transient
from common.events.codec import EventInvalid
from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.arrival import Arrival, Poison, stream_identity
from common.inbox.batch import BatchReport, batch_apply
from common.inbox.breaker import BreakerTripped
from common.inbox.conduct import PLAIN, Conduct
from common.inbox.cursors import cursors_lock
from common.inbox.dead import dead_store
from common.inbox.models import InboxWaiting
from common.inbox.placement import Turn
from common.inbox.waiting import PLACE_CONTESTED, waiting_next
from common.inbox.wiring import Wiring

log = structlog.get_logger(__name__)

ATTEMPTS_MAX = 3

_CLASSES = InboxWaiting.ErrorClass


def batch_isolate(
    wiring: Wiring,
    arrivals: Sequence[Arrival | Poison],
    *,
    due: Collection[UUID] = (),
    conduct: Conduct = PLAIN,
) -> BatchReport:
    """
    Apply a batch; what fails for good becomes a dead letter, everything else takes effect.

    Several transactions in the worst case, each whole by itself. Safe to call again with the
    same records: what was applied is a duplicate then. `due` are streams to look into although
    nothing arrived for them.

    Raises transient database errors and `BreakerTripped` only; call again when the database is
    back, or when staff resume the consumer.
    """
    isolation = _Isolation(wiring, conduct)
    report = isolation.apply(arrivals)
    report.due |= set(due)
    isolation.apply_due(report)
    return report


class _Isolation:
    """Looks for what fails, in smaller and smaller transactions."""

    def __init__(self, wiring: Wiring, conduct: Conduct) -> None:
        self._wiring = wiring
        self._conduct = conduct

    def apply(self, arrivals: Sequence[Arrival | Poison]) -> BatchReport:
        if not arrivals:
            return BatchReport()
        report = self._try(arrivals)
        return self._halve(arrivals) if report is None else report

    def apply_due(self, report: BatchReport) -> None:
        """Apply what became due, stream by stream, and row by row if it fails."""
        while report.due and not self._conduct.late():
            stream = report.due.pop()
            report.add(self._try([], due=[stream]) or self._one_by_one(stream))

    def _try(
        self,
        arrivals: Sequence[Arrival | Poison],
        *,
        due: Collection[UUID] = (),
        unpark: bool = True,
    ) -> BatchReport | None:
        """Apply in one transaction; None when it fails for no passing reason."""
        try:
            return batch_apply(
                self._wiring, arrivals, due=due, unpark=unpark, conduct=self._conduct
            )
        except Exception as error:
            if _passes(error):
                raise
            log.exception("batch_failed", records=len(arrivals))
            return None
        finally:
            self._conduct.beat()

    def _halve(self, arrivals: Sequence[Arrival | Poison]) -> BatchReport:
        if len(arrivals) == 1:
            return self._alone(arrivals[0])
        middle = len(arrivals) // 2
        total = BatchReport()
        for half in (arrivals[:middle], arrivals[middle:]):
            report = self._try(half, unpark=False)
            total.add(self._halve(half) if report is None else report)
        return total

    def _alone(self, arrival: Arrival | Poison) -> BatchReport:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return batch_apply(self._wiring, [arrival], unpark=False, conduct=self._conduct)
            except Exception as error:
                if _passes(error):
                    raise
                if isinstance(error, EventInvalid):
                    return self._bury([arrival], _CLASSES.POISON, str(error), attempts=attempt)
                log.exception("event_failed", attempt=attempt, fingerprint=arrival.fingerprint)
                reason = f"{type(error).__name__}: {error}"
            finally:
                self._conduct.beat()
        return self._bury([arrival], _CLASSES.BUG, reason, attempts=ATTEMPTS_MAX)

    def _one_by_one(self, stream: UUID) -> BatchReport:
        """Apply what waits in a stream event by event, up to one that fails, which is buried."""
        wiring = self._wiring
        source = SOURCE_BY_TOPIC[wiring.topic]
        total = BatchReport(due={stream})
        while stream in total.due and not self._conduct.late():
            total.due.clear()
            found = waiting_next(consumer=wiring.consumer, source=source, stream=stream)
            if len({item.envelope.id for item in found if item.envelope}) > 1:
                total.add(self._bury(found, _CLASSES.CONTESTED, PLACE_CONTESTED))
            elif found:
                total.add(self._alone(found[0]))
        return total

    def _bury(
        self,
        items: Sequence[Arrival | Poison],
        error_class: InboxWaiting.ErrorClass,
        error: str,
        *,
        attempts: int = 1,
    ) -> BatchReport:
        breaker = self._conduct.breaker
        with transaction.atomic(durable=self._conduct.durable):
            buried = dead_store(
                consumer=self._wiring.consumer,
                dead=self._unsettled(items),
                error_class=error_class,
                error=error,
                attempts=attempts,
            )
            fates = [stream_identity(item) for item in buried]
            if breaker is not None:
                breaker.weigh(fates)
        if breaker is not None:
            breaker.count(fates)
        return BatchReport(dead=len(buried))

    def _unsettled(self, items: Sequence[Arrival | Poison]) -> list[Arrival | Poison]:
        """
        Lock the cursors of events that failed, and leave out what was applied meanwhile.

        Another member may have the stream by now, with code that can do it.
        """
        source = SOURCE_BY_TOPIC[self._wiring.topic]
        streams = {item.envelope.stream for item in items if isinstance(item, Arrival)}
        cursors = cursors_lock(consumer=self._wiring.consumer, source=source, streams=streams)
        return [
            item
            for item in items
            if isinstance(item, Poison)
            or cursors[item.envelope.stream].turn_of(item.envelope) is not Turn.DUPLICATE
        ]


def _passes(error: Exception) -> bool:
    """Whether waiting may help, so that the event is not to blame."""
    return is_transient(error) or isinstance(error, BreakerTripped)
