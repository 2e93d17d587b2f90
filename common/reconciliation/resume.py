"""
After a producer's database was restored: go on behind the numbers that the other side knows.

Otherwise numbers would be given out twice, and what is said anew would be taken for a repetition
(silently) or for a fork. Run it while nothing of this service runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from common.internal.client import peer_pages
from common.internal.contracts import Standing, StandingPage
from common.kafka.admin import group_lag
from common.reconciliation import heads
from common.reconciliation.verdict import Ours

Named = TypeVar("Named")

_NAMED_MAX = 1_000


class PeerStillReads(Exception):
    """The other side has not read all we have sent; what it will read may use any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A stream whose head moves; `before` is None when there was no such stream."""

    stream: UUID
    before: int | None
    after: int


@dataclass(slots=True)
class ResumeReport:
    """
    How many streams were `asked` about and `moved`, and which need a person.

    `forked`: we hold another event under a number that the other side has applied. `gaps`: what
    waits at the other side waits for numbers that nobody has any more. The lists name a
    thousand streams at most.
    """

    asked: int = 0
    moved: int = 0
    moves: list[Move] = field(default_factory=list)
    forked: list[UUID] = field(default_factory=list)
    gaps: list[UUID] = field(default_factory=list)


def outbox_resume(
    *,
    dry_run: bool = False,
    force: bool = False,
    lag: Callable[[str], int] = lambda group: group_lag(group=group, topic=settings.OUTBOX_TOPIC),
    on_page: Callable[[int], None] = lambda _: None,
) -> ResumeReport:
    """
    Move the head of every stream to what the other side knows; nothing ever moves back.

    Streams that are not known here are begun, and take no requests. Safe to run again.
    `on_page` is told how many streams were looked at.

    Raises:
        PeerStillReads: its group lags on our topic; not checked with `force`.
        PeerAway, BrokerError: the other side or Kafka does not answer.
    """
    report = ResumeReport()
    checked = force
    for page in peer_pages("streams", StandingPage):
        if not checked:
            _check_lag(page.consumer, lag)
            checked = True
        with transaction.atomic():
            _resume_page(page.data, report, dry_run=dry_run)
        on_page(len(page.data))
    return report


def _check_lag(consumer: str, lag: Callable[[str], int]) -> None:
    unread = lag(consumer)
    if unread:
        raise PeerStillReads(
            f"{consumer} has not read {unread} records of {settings.OUTBOX_TOPIC}; "
            "let it, then try again"
        )


def _resume_page(standings: Sequence[Standing], report: ResumeReport, *, dry_run: bool) -> None:
    known = _streams_lock([one.stream for one in standings])
    ours = heads.ours_of(standings)
    moving: list[Standing] = []
    for one in standings:
        before, here = known.get(one.stream), ours[one.stream]
        after = max(one.last_sequence, one.waiting_sequence or 0)
        report.asked += 1
        if after > (before or 0):
            moving.append(one)
            report.moved += 1
            _keep(report.moves, Move(stream=one.stream, before=before, after=after))
        if one.forked or here.event_at_cursor not in (None, one.last_event_id):
            _keep(report.forked, one.stream)
        if _has_gap(one, here):
            _keep(report.gaps, one.stream)
    if moving and not dry_run:
        _heads_move(moving)


def _has_gap(theirs: Standing, ours: Ours) -> bool:
    """Whether something waits there for a number that neither we nor a dead letter can give."""
    waits = (theirs.waiting_sequence or 0) > theirs.last_sequence
    return waits and not theirs.held and ours.next_event is None


def _keep(names: list[Named], name: Named) -> None:
    if len(names) < _NAMED_MAX:
        names.append(name)


def _streams_lock(streams: Sequence[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream, last_sequence FROM outbox_stream WHERE stream = ANY(%s)"
            " ORDER BY stream FOR NO KEY UPDATE",
            [sorted(streams)],
        )
        return dict(cursor.fetchall())


def _heads_move(standings: Sequence[Standing]) -> None:
    rows = [_target(one) for one in sorted(standings, key=lambda one: one.stream)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO outbox_stream AS known
                (stream, last_sequence, last_event_id, accepting, blocked_reason)
            SELECT stream, sequence, event_id, false, ''
            FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[]) AS new (stream, sequence, event_id)
            ON CONFLICT (stream) DO UPDATE
            SET last_sequence = excluded.last_sequence, last_event_id = excluded.last_event_id
            WHERE known.last_sequence < excluded.last_sequence
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def _target(theirs: Standing) -> tuple[UUID, int, UUID | None]:
    waiting = theirs.waiting_sequence or 0
    if waiting > theirs.last_sequence:
        return theirs.stream, waiting, theirs.waiting_event_id
    return theirs.stream, theirs.last_sequence, theirs.last_event_id
