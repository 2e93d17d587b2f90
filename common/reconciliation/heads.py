"""The producing side of reconciliation: which streams to ask about, and what we know of them."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from django.db import connection

from common.internal.contracts import Standing
from common.reconciliation.models import PeerCursor
from common.reconciliation.verdict import NextEvent, Ours, Verdict

BATCH = 1000


def streams_to_ask(*, behind_max: int, verify_max: int) -> dict[UUID, int]:
    """
    Streams that seem to be behind, longest unasked first, and some that seemed to agree.

    By stream, the sequence that the other side had when it was last asked (0: never). The
    latter are asked in turn, because the other side's database may have been restored.
    """
    known: dict[UUID, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT ours.stream, coalesce(theirs.sequence, 0)
            FROM outbox_stream AS ours LEFT JOIN peer_cursor AS theirs USING (stream)
            WHERE ours.last_sequence > coalesce(theirs.sequence, 0)
            ORDER BY theirs.seen_at NULLS FIRST, ours.stream LIMIT %s
            """,
            [behind_max],
        )
        known.update(cursor.fetchall())
        cursor.execute(
            "SELECT stream, sequence FROM peer_cursor ORDER BY seen_at LIMIT %s", [verify_max]
        )
        known.update(cursor.fetchall())
    return known


def all_streams() -> Iterator[dict[UUID, int]]:
    """Every stream that ever said something, in pages, as `streams_to_ask`."""
    after = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT ours.stream, coalesce(theirs.sequence, 0)
                FROM outbox_stream AS ours LEFT JOIN peer_cursor AS theirs USING (stream)
                WHERE ours.stream > %s AND ours.last_sequence > 0
                ORDER BY ours.stream LIMIT %s
                """,
                [after, BATCH],
            )
            page: dict[UUID, int] = dict(cursor.fetchall())
        if page:
            yield page
        if len(page) < BATCH:
            return
        after = max(page)


def ours_of(standings: Sequence[Standing]) -> dict[UUID, Ours]:
    """Our side of streams, beside where the other side stands in them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.stream, coalesce(head.last_sequence, 0),
                coalesce(applied.id,
                    CASE WHEN head.last_sequence = asked.cursor THEN head.last_event_id END),
                following.id,
                extract(epoch FROM clock_timestamp() - following.published_at)::float,
                following.partition, following.offset
            FROM unnest(%s::uuid[], %s::bigint[]) AS asked (stream, cursor)
            LEFT JOIN outbox_stream AS head USING (stream)
            LEFT JOIN outbox_message AS applied
                ON applied.stream = asked.stream AND applied.sequence = asked.cursor
            LEFT JOIN outbox_message AS following
                ON following.stream = asked.stream AND following.sequence = asked.cursor + 1
            """,
            [[one.stream for one in standings], [one.last_sequence for one in standings]],
        )
        return {
            stream: Ours(
                stream=stream,
                head=head,
                event_at_cursor=applied,
                next_event=None
                if event_id is None
                else NextEvent(event_id=event_id, age_s=age_s, partition=partition, offset=offset),
            )
            for stream, head, applied, event_id, age_s, partition, offset in cursor.fetchall()
        }


def peer_cursors_save(standings: Sequence[Standing], verdicts: Mapping[UUID, Verdict]) -> None:
    """Remember what was found, in sorted order: two sweeps at once must not lock crosswise."""
    ordered = sorted(standings, key=lambda one: one.stream)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO peer_cursor (stream, sequence, event_id, verdict, seen_at)
            SELECT stream, sequence, event_id, verdict, clock_timestamp()
            FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::text[])
                AS new (stream, sequence, event_id, verdict)
            ON CONFLICT (stream) DO UPDATE SET sequence = excluded.sequence,
                event_id = excluded.event_id, verdict = excluded.verdict,
                seen_at = excluded.seen_at
            """,
            [
                [one.stream for one in ordered],
                [one.last_sequence for one in ordered],
                [one.last_event_id for one in ordered],
                [verdicts[one.stream].value for one in ordered],
            ],
        )


def peer_cursors_forget() -> None:
    """Know nothing of the other side any more, so that every stream is asked about again."""
    PeerCursor.objects.all().delete()


_ALARMS = "forked", "lost", "held"
# A statement for each, with its word in it: of a word that is a parameter, the database does not
# know how rare it is, and might walk through every stream for it.
_SOME_ALARMS = ", ".join(
    f"(SELECT count(*) FROM (SELECT FROM peer_cursor WHERE verdict = '{verdict}'"  # noqa: S608  ours
    f" ORDER BY stream LIMIT %(most)s) AS {verdict})"
    for verdict in _ALARMS
)


def peer_alarms_some(*, most: int) -> dict[str, int]:
    """As `peer_alarms`, but no more than `most` of each are counted, whatever is the matter."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_SOME_ALARMS}", {"most": most})
        return dict(zip(_ALARMS, cursor.fetchone(), strict=True))


def peer_alarms() -> dict[str, int]:
    """How many streams are forked, lost or held over there, as of the last sweeps."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE verdict = 'forked'),
                count(*) FILTER (WHERE verdict = 'lost'), count(*) FILTER (WHERE verdict = 'held')
            FROM peer_cursor WHERE verdict IN ('forked', 'lost', 'held')
            """
        )
        return dict(zip(_ALARMS, cursor.fetchone(), strict=True))
