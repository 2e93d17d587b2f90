"""The consuming side of reconciliation: how far this service has come, for who sent the events."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from common.inbox.wiring import Wiring
from common.internal.contracts import Standing, StandingPage

# Note [Contested]: which of two claimants is real, is shown by the one that comes in its turn; so
# the producer has to send its own again, and no person is needed.
_STANDING = """
    SELECT asked.stream, coalesce(kept.last_sequence, 0), kept.last_event_id,
        kept.forked_at IS NOT NULL, held.events, waiting.sequence, waiting.event_id
    FROM asked
    LEFT JOIN inbox_cursor AS kept ON kept.consumer = %(consumer)s
        AND kept.source = %(source)s AND kept.stream = asked.stream
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT dead.event_id ORDER BY dead.event_id) AS events
        FROM inbox_waiting AS dead
        WHERE dead.consumer = %(consumer)s AND dead.source = %(source)s AND dead.state = 'dead'
            AND dead.stream = asked.stream
            AND dead.sequence = coalesce(kept.last_sequence, 0) + 1
            AND dead.event_id IS NOT NULL AND dead.error_class <> 'contested'
    ) AS held ON true
    LEFT JOIN LATERAL (
        SELECT parked.sequence, parked.event_id FROM inbox_waiting AS parked
        WHERE parked.consumer = %(consumer)s AND parked.source = %(source)s
            AND parked.state = 'waiting' AND parked.stream = asked.stream
        ORDER BY parked.sequence DESC, parked.id LIMIT 1
    ) AS waiting ON true
    ORDER BY asked.stream
"""


def standings_of(*, streams: Sequence[UUID]) -> StandingPage:
    """The standing of these streams, each of them: a stream nobody heard of stands at 0."""
    found = _read("WITH asked AS (SELECT unnest(%(streams)s::uuid[]) AS stream)", streams=streams)
    return StandingPage(consumer=_wiring().consumer, data=found)


def standings_page(*, after: UUID | None, limit: int) -> StandingPage:
    """The standing of the next streams that this service has a cursor of, by stream."""
    found = _read(
        """
        WITH asked AS MATERIALIZED (
            SELECT stream FROM inbox_cursor
            WHERE consumer = %(consumer)s AND source = %(source)s
                AND (%(after)s::uuid IS NULL OR stream > %(after)s::uuid)
            ORDER BY stream LIMIT %(limit)s
        )
        """,
        after=after,
        limit=limit,
    )
    following = found[-1].stream if len(found) == limit else None
    return StandingPage(consumer=_wiring().consumer, data=found, after=following)


def _read(asked: str, **parameters: Any) -> list[Standing]:
    known = {"consumer": _wiring().consumer, "source": settings.PEER["SOURCE"], **parameters}
    with connection.cursor() as cursor:
        cursor.execute(f"{asked}{_STANDING}", known)
        return [
            Standing(
                stream=stream,
                last_sequence=last_sequence,
                last_event_id=last_event_id,
                forked=forked,
                held=tuple(held or ()),
                waiting_sequence=waiting_sequence,
                waiting_event_id=waiting_event_id,
            )
            for (
                stream,
                last_sequence,
                last_event_id,
                forked,
                held,
                waiting_sequence,
                waiting_event_id,
            ) in cursor.fetchall()
        ]


def _wiring() -> Wiring:
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    return wiring
