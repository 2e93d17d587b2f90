"""Step 6 of the road: the cursor rows, locked in sorted order by the batch's transaction."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from common.db.arrays import array_of
from common.inbox.placement import Cursor


def cursors_lock(*, consumer: str, source: str, streams: Collection[UUID]) -> dict[UUID, Cursor]:
    """
    Lock the cursors of these streams, beginning those that do not exist, in sorted order.

    A stopped or slow twin of this consumer that still holds one of them is waited for, up to
    the session's lock timeout; what it commits is seen here.
    """
    if not streams:
        return {}
    held = _lock(consumer, source, streams)
    new = set(streams).difference(held)
    if new:
        # Most batches bring no new stream, and to insert what is there already costs more than
        # all else here. A twin that begins the same streams may have them by now, and wait for
        # those held: that is a deadlock, and the batch is tried again.
        _begin(consumer, source, new)
        held |= _lock(consumer, source, new)
    return held


def _lock(consumer: str, source: str, streams: Collection[UUID]) -> dict[UUID, Cursor]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stream, last_sequence, last_event_id, forked_at IS NOT NULL
            FROM inbox_cursor
            WHERE consumer = %s AND source = %s AND stream = ANY(%s::uuid[])
            ORDER BY stream
            FOR UPDATE
            """,
            [consumer, source, array_of(list(streams))],
        )
        return {row[0]: Cursor(*row) for row in cursor.fetchall()}


def _begin(consumer: str, source: str, streams: Collection[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inbox_cursor (consumer, source, stream, last_sequence)
            SELECT %s, %s, stream, 0 FROM unnest(%s::uuid[]) AS new (stream)
            ON CONFLICT DO NOTHING
            """,
            [consumer, source, array_of(sorted(streams))],
        )


def cursors_save(*, consumer: str, source: str, cursors: Collection[Cursor]) -> None:
    """Write the cursors that `cursors_lock` locked back."""
    if not cursors:
        return
    rows = [(c.stream, c.last_sequence, c.last_event_id, c.forked) for c in cursors]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inbox_cursor AS kept
            SET last_sequence = new.last_sequence, last_event_id = new.last_event_id,
                forked_at = CASE WHEN new.forked THEN coalesce(kept.forked_at, now()) END
            FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::boolean[])
                AS new (stream, last_sequence, last_event_id, forked)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.stream = new.stream
            """,
            [*map(array_of, zip(*rows, strict=True)), consumer, source],
        )
