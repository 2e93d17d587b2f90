"""
Step 3 of the road: everything that waits leaves for Kafka, in order, and is marked.

While the reports of one round are awaited and its rows are marked, the next is already read and
sent; rounds leave in order, so the events of a stream do, too.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog

from common.kafka.broker import BrokerError, Delivery, EventProducer, Flight, Refusal
from common.outbox.floor import Floor
from common.outbox.rows import Delivered, records_of, rows_claim, stream_block
from common.outbox.session import PublisherSession
from common.pace import Pace

log = structlog.get_logger(__name__)

ROUND_MAX = 2000
_FLOOR_LIFE_S = 1.0


class PublishFailed(BrokerError):
    """The broker took some or none of a round; what it did not take stays unpublished."""


class _Round(NamedTuple):
    """Rows that were read, and their records on the way."""

    rows: Sequence[Any]
    flight: Flight


class _Refused(NamedTuple):
    """A row that was not delivered, as far as anybody knows, and why."""

    row: Any
    refusal: Refusal


def outbox_drain(
    session: PublisherSession,
    producer: EventProducer,
    *,
    meanwhile: Callable[[], bool] = lambda: True,
    pace: Pace | None = None,
) -> int:
    """
    Publish everything that waits and return how many messages left.

    `meanwhile` is called before every round and while reports are awaited, at least every two
    seconds; the drain ends before the next round when it says False. `pace` is that of the drains
    before, None for the first.

    Does nothing when another publisher holds the lock: it will see our rows, because it reads
    once more after releasing (Note [Lost wake-up]). The lock is an economy, not a guarantee:
    a doubled or reordering publisher costs time only, the consumer decides order.

    Raises:
        PublishFailed: the broker refused or did not answer; try again after a pause.
        BrokerFatal: the producer is dead; make a new one.
        psycopg.Error: the database; the session must be made anew.
    """
    published, pace = 0, pace or Pace()
    while session.lock():
        try:
            published += _Drain(session, producer, meanwhile, pace).run()
        finally:
            session.unlock()
        # Note [Lost wake-up]: somebody may have committed after our last empty read and found
        # the lock still taken. Reading after the release catches them (P52).
        if not meanwhile() or not rows_claim(session.connection, floor=0, limit=1):
            break
    return published


class _Drain:
    """The rounds of one held lock."""

    def __init__(
        self,
        session: PublisherSession,
        producer: EventProducer,
        meanwhile: Callable[[], bool],
        pace: Pace,
    ) -> None:
        self._session = session
        self._producer = producer
        self._meanwhile = meanwhile
        self._pace = pace
        self._air: deque[_Round] = deque()
        self._marking: list[int] = []
        self._published = 0

    def run(self) -> int:
        """Send round after round until a read comes back empty; how many messages left."""
        floor, floor_until = Floor(), time.monotonic() + _FLOOR_LIFE_S
        while self._meanwhile() and (rows := self._claim(floor)):
            began_at = time.monotonic()
            full = len(rows) == ROUND_MAX
            self._air.append(self._send(rows))
            # Behind a round that is not full nothing is known to wait; what comes gathers.
            self._land(leave=1 if full else 0)
            self._pace.learn(len(rows), began_at=began_at, more=full)
            floor.learn(rows)
            # What is to be sent again, or was blocked until now, lies below the floor (P55).
            if time.monotonic() > floor_until:
                floor, floor_until = Floor(), time.monotonic() + _FLOOR_LIFE_S
        self._land(leave=0)
        return self._published

    def _claim(self, floor: Floor) -> list[Any]:
        """Read what waits and is neither on its way nor about to be marked."""
        time.sleep(self._pace.pause_s())
        in_air = [row.position for sent in self._air for row in sent.rows]
        return rows_claim(
            self._session.connection,
            floor=floor.position,
            limit=ROUND_MAX,
            but=self._marking + in_air,
        )

    def _land(self, *, leave: int) -> None:
        """Await and mark the oldest rounds until `leave` are on their way."""
        while len(self._air) > leave:
            refused = self._await(self._air.popleft())
            if refused:
                self._fail(refused)
        if leave == 0:
            self._session.marker.wait()

    def _await(self, landed: _Round) -> list[_Refused]:
        """Mark what was delivered of a round; return what was not, in order."""
        reports = landed.flight.land(while_waiting=self._while_waiting)
        delivered = [
            Delivered(row.position, report.partition, report.offset)
            for row, report in zip(landed.rows, reports, strict=True)
            if isinstance(report, Delivery)
        ]
        self._session.marker.mark(delivered)
        self._marking = [one.position for one in delivered]
        self._published += len(delivered)
        return [
            _Refused(row, report)
            for row, report in zip(landed.rows, reports, strict=True)
            if isinstance(report, Refusal)
        ]

    def _fail(self, refused: list[_Refused]) -> None:
        """Let what was sent after a refused record land as well, then give up for now."""
        while self._air:
            refused += self._await(self._air.popleft())
        self._session.marker.wait()
        # A record that is refused at once calls back those before it that are still on their
        # way, and would do so every time. So it is looked for, and they leave without it.
        guilty = next((at for at, one in enumerate(refused) if one.refusal.permanent), None)
        if guilty is not None:
            self._send_without_company([one.row for one in refused[:guilty]])
            self._set_aside_if_refused_alone(refused[guilty].row)
        raise PublishFailed(refused[0].refusal.reason)

    def _send_without_company(self, rows: Sequence[Any]) -> None:
        """Send what stood before a record that is refused for good, so that order is kept."""
        refused = self._await(self._send(rows)) if rows else []
        if refused:
            self._session.marker.wait()
            raise PublishFailed(refused[0].refusal.reason)

    def _set_aside_if_refused_alone(self, row: Any) -> None:
        # The broker judges batches: what it refuses may be a record of another stream that
        # shared the batch, so nobody's stream is parked before its event was refused by itself.
        for again in self._await(self._send([row])):
            if again.refusal.permanent:
                self._set_aside(row, again.refusal.reason)
        self._session.marker.wait()

    def _send(self, rows: Sequence[Any]) -> _Round:
        return _Round(rows, self._producer.send(records_of(rows)))

    def _set_aside(self, row: Any, reason: str) -> None:
        if row.stream is None:
            log.error("letter_given_up", message_id=row.id, topic=row.topic, reason=reason)
            self._session.marker.mark([Delivered(row.position, None, None)])
        else:
            log.error("stream_blocked", stream=row.stream, event_id=row.id, reason=reason)
            stream_block(self._session.connection, stream=row.stream, reason=reason)

    def _while_waiting(self) -> None:
        self._session.touch()
        self._meanwhile()
