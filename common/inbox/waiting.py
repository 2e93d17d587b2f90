"""Step 8 of the road: the rows of what waits for its turn."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection

from common.db.arrays import array_of
from common.events.envelope import Envelope
from common.inbox.arrival import Arrival, Poison
from common.inbox.models import InboxWaiting
from common.inbox.placement import Cursor
from common.inbox.records import ARRAYS, COLUMNS, ROWS_AT_ONCE, arrive_again, columns_of

LOAD_MAX = 1000
"""Waiting rows that one transaction takes up again; more come in the next."""

PLACE_TAKEN = "another event claims this sequence, and came first"
"""Why a claimant of an applied place is a dead letter."""

PLACE_CONTESTED = "two events claim this sequence; the one that comes in its turn takes it"
"""Why two claimants of a place that has not had its turn are dead letters."""

_INSERT = f"""
INSERT INTO inbox_waiting AS kept (consumer, state, error_class, error, attempts, {COLUMNS})
SELECT %s, 'waiting', '', '', 0, new.* FROM unnest({ARRAYS}) AS new ({COLUMNS})
ON CONFLICT (consumer, fingerprint) DO UPDATE SET state = 'waiting'
WHERE kept.state = 'discarded'
"""  # noqa: S608  names of columns of ours


def waiting_is_there(*, consumer: str, source: str, streams: Collection[UUID]) -> bool:
    """
    Whether anything waits or is dead in these streams, whose cursors are locked.

    Mostly there is nothing anywhere, and then the streams are not even looked for.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
                SELECT FROM inbox_waiting
                WHERE consumer = %(consumer)s AND state IN ('dead', 'waiting')
            ) AND EXISTS (
                SELECT FROM inbox_waiting
                WHERE consumer = %(consumer)s AND source = %(source)s
                    AND stream = ANY(%(streams)s::uuid[]) AND state IN ('dead', 'waiting')
            )
            """,
            {"consumer": consumer, "source": source, "streams": array_of(list(streams))},
        )
        return bool(cursor.fetchone()[0])


def waiting_load(
    *, consumer: str, source: str, streams: Collection[UUID]
) -> list[Arrival | Poison]:
    """Read what waits in these streams, nearest to its turn first; their cursors are locked."""
    if not streams:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM inbox_waiting
            WHERE consumer = %s AND source = %s AND state = 'waiting'
                AND stream = ANY(%s::uuid[])
            ORDER BY sequence, id LIMIT %s
            """,
            [consumer, source, array_of(list(streams)), LOAD_MAX],
        )
        found = [row_id for (row_id,) in cursor.fetchall()]
    return _arrive_again(found, "sequence", "id")


def waiting_next(*, consumer: str, source: str, stream: UUID) -> list[Arrival | Poison]:
    """Read only what is next to its turn in a stream; more than one where a place is contested."""
    rows = InboxWaiting.objects.filter(
        consumer=consumer, source=source, stream=stream, state=InboxWaiting.State.WAITING
    ).order_by("sequence", "id")
    first = rows.first()
    return [] if first is None else [arrive_again(r) for r in rows.filter(sequence=first.sequence)]


def waiting_store(*, consumer: str, arrivals: Sequence[Arrival]) -> None:
    """
    Keep early events until their turn; one that is kept already stays as it is.

    Only one that staff took for rubbish, and that comes again, waits anew.
    """
    fresh = [arrival for arrival in arrivals if arrival.row_id is None]
    for start in range(0, len(fresh), ROWS_AT_ONCE):
        rows = [columns_of(arrival) for arrival in fresh[start : start + ROWS_AT_ONCE]]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [consumer, *map(list, zip(*rows, strict=True))])


def waiting_settle(
    *, consumer: str, source: str, applied: Sequence[Envelope]
) -> list[Arrival | Poison]:
    """
    Forget the waiting rows of events that took their places, and settle other claimants.

    The row of an event goes even if the event was applied from Kafka and not from its row; one
    that was a dead letter before stays, as replayed. A valid event is applied even if a dead
    letter claims its slot; the letter stays to be seen, as superseded. Returned are other
    events that waited for a place and have lost it for good: they are to be buried.
    """
    if not applied:
        return []
    columns = zip(*((e.stream, e.sequence, e.id) for e in applied), strict=True)
    places = [array_of(column) for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM inbox_waiting AS kept
            USING unnest(%s::uuid[], %s::bigint[], %s::uuid[]) AS done (stream, sequence, id)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state = 'waiting'
                AND kept.stream = done.stream AND kept.sequence = done.sequence
                AND kept.event_id = done.id AND kept.attempts = 0
            """,
            [*places, consumer, source],
        )
        cursor.execute(
            """
            UPDATE inbox_waiting AS kept
            SET state = CASE WHEN kept.state = 'dead' THEN 'superseded'
                WHEN kept.event_id = done.id THEN 'replayed' ELSE 'waiting' END
            FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[]) AS done (stream, sequence, id)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state IN ('dead', 'waiting')
                AND kept.stream = done.stream AND kept.sequence = done.sequence
            RETURNING kept.id, kept.state
            """,
            [*places, consumer, source],
        )
        rivals = [row_id for row_id, state in cursor.fetchall() if state == "waiting"]
    return _arrive_again(rivals, "id")


def _arrive_again(row_ids: Collection[int], *order: str) -> list[Arrival | Poison]:
    if not row_ids:
        return []
    rows = InboxWaiting.objects.filter(pk__in=row_ids).order_by(*order)
    return [arrive_again(row) for row in rows]


def waiting_delete(row_ids: Collection[int]) -> None:
    """Remove waiting rows whose event was applied; those that were dead once stay."""
    if row_ids:
        rows = InboxWaiting.objects.filter(pk__in=row_ids)
        rows.filter(attempts=0).delete()
        rows.filter(state=InboxWaiting.State.WAITING).update(state=InboxWaiting.State.SUPERSEDED)


def streams_due(*, consumer: str, source: str, cursors: Collection[Cursor]) -> set[UUID]:
    """Which of these streams have a waiting row whose turn it is; a forked one has none."""
    following = [(c.stream, c.last_sequence + 1) for c in cursors if not c.forked]
    if not following:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT kept.stream FROM inbox_waiting AS kept
            JOIN unnest(%s::uuid[], %s::bigint[]) AS due (stream, sequence) USING (stream, sequence)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state = 'waiting'
            """,
            [*map(array_of, zip(*following, strict=True)), consumer, source],
        )
        return {row[0] for row in cursor.fetchall()}


def streams_due_anywhere(*, consumer: str, source: str) -> set[UUID]:
    """
    Which streams have a waiting row whose turn it is, whatever arrives.

    There are none unless a process died between two transactions; a thousand at most are
    returned at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kept.stream FROM inbox_waiting AS kept
            JOIN inbox_cursor AS reached USING (consumer, source, stream)
            WHERE kept.consumer = %s AND kept.source = %s AND kept.state = 'waiting'
                AND kept.sequence = reached.last_sequence + 1 AND reached.forked_at IS NULL
            LIMIT %s
            """,
            [consumer, source, LOAD_MAX],
        )
        return {row[0] for row in cursor.fetchall()}
