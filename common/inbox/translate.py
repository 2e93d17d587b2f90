"""Step 6 of the road: an event becomes what it does to its batch, in the service's own terms."""

from datetime import datetime

import structlog

from common.inbox.arrival import Arrival, Poison, arrive
from common.inbox.wiring import Effect, Received, Wiring
from common.kafka.broker import Record

log = structlog.get_logger(__name__)


def effect_of(wiring: Wiring, arrival: Arrival) -> Effect | None:
    """What an event does, None if it means nothing here. Raises what its handler raises."""
    handler = wiring.handlers.get(arrival.envelope.type)
    if handler is None or arrival.event is None:
        return None
    return handler(
        Received(
            envelope=arrival.envelope,
            event=arrival.event,
            partition=arrival.record.partition,
            offset=arrival.record.offset,
            published_at=arrival.published_at,
            consumed_at=arrival.consumed_at,
        )
    )


def arrive_early(wiring: Wiring, record: Record, *, consumed_at: datetime) -> Arrival | Poison:
    """
    `arrive`, and the event is translated already if it can be.

    One that a handler fails for is translated again in its turn, where failing means something.
    """
    item = arrive(record, consumed_at=consumed_at)
    if isinstance(item, Arrival):
        try:
            item.effect = effect_of(wiring, item)
        except Exception:
            log.debug("not_translated_early", fingerprint=item.fingerprint, exc_info=True)
    return item
