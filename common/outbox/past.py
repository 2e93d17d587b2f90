"""Events of a made-up past: as if they had been published long ago."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from common.db.arrays import array_of
from common.db.copying import bytea_of_text, rows_copy
from common.outbox.append import COLUMNS, NewEvent, row_of

_PUBLISHED = ("published_at", "partition", "offset")


class PastEvent(NamedTuple):
    """An event under the number that it had, and where and when it was published."""

    id: UUID
    sequence: int
    event: NewEvent
    published_at: datetime
    partition: int
    offset: int


def outbox_past_copy(events: Iterable[PastEvent]) -> None:
    """Store events that are not to be published any more, in the caller's transaction."""
    rows_copy(
        "outbox_message",
        (*COLUMNS, *_PUBLISHED),
        (
            (
                *(row := row_of(one.id, one.event, one.sequence))[:-1],
                bytea_of_text(row[-1]),
                one.published_at,
                one.partition,
                one.offset,
            )
            for one in events
        ),
    )


def streams_past_begin(
    heads: Mapping[UUID, tuple[int, UUID | None]], *, accepting: Mapping[UUID, bool] | None = None
) -> None:
    """
    Begin streams behind their last event, in the caller's transaction; those there are stay.

    They take new requests unless `accepting` says otherwise.
    """
    streams = sorted(heads)
    takes = [accepting is None or accepting[stream] for stream in streams]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO outbox_stream
                (stream, last_sequence, last_event_id, accepting, blocked_reason)
            SELECT *, '' FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::boolean[])
            ON CONFLICT DO NOTHING
            """,
            [
                array_of(streams),
                array_of([heads[stream][0] for stream in streams]),
                array_of([heads[stream][1] for stream in streams]),
                array_of(takes),
            ],
        )
