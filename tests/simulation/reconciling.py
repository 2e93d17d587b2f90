"""What stands for the questions of reconciliation: to the own database, the other and Kafka."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from common.inbox.placement import Cursor
from common.internal.contracts import Standing, StandingPage
from common.kafka.places import GroupPlace
from common.reconciliation.verdict import NextEvent, Ours
from tests.simulation.database import Transaction, autocommit
from tests.simulation.inbox_tables import CURSORS, WAITING
from tests.simulation.outbox_tables import MESSAGES, STREAMS, FakeWake, Stream
from tests.simulation.scheduler import here, scheduler


class FakeHeads:
    """Stands for the module that knows our side of the streams."""

    BATCH = 2

    def streams_to_ask(self, **_: Any) -> dict[UUID, int]:
        scheduler().step("look for streams that are behind")
        with autocommit(here().side.database) as opened:
            return {stream: 0 for stream, head in opened.rows(STREAMS) if head.last_sequence}

    def ours_of(self, standings: Sequence[Standing]) -> dict[UUID, Ours]:
        scheduler().step("read our side")
        with autocommit(here().side.database) as opened:
            rows = {(row.stream, row.sequence): row for _, row in opened.rows(MESSAGES)}
            return {
                one.stream: _ours(rows, opened.read(STREAMS, one.stream) or Stream(), one)
                for one in standings
            }

    def peer_cursors_save(self, *_: Any) -> None:
        scheduler().step("remember the other side")

    def peer_cursors_forget(self) -> None:
        scheduler().step("forget the other side")


def peer_ask(path: str, streams: Sequence[UUID], answer: type[StandingPage]) -> StandingPage:
    scheduler().step("ask the other side")
    peer = here().side.peer
    with autocommit(peer.database) as opened:
        found = [_standing(opened, stream) for stream in streams]
    return StandingPage(consumer=peer.wiring.consumer, data=found)


def _standing(opened: Transaction, stream: UUID) -> Standing:
    cursor = opened.read(CURSORS, stream) or Cursor(stream)
    following = (stream, cursor.last_sequence + 1)
    rows = [row for _, row in opened.rows(WAITING) if row.place == following]
    return Standing(
        stream=stream,
        last_sequence=cursor.last_sequence,
        last_event_id=cursor.last_event_id,
        forked=cursor.forked,
        held=tuple(row.envelope.id for row in rows if row.state == "dead"),
    )


def group_places(*, group: str, topic: str) -> dict[int, GroupPlace]:
    scheduler().step("read the offsets of a group")
    broker = here().side.broker
    committed = broker.groups[group].committed if group in broker.groups else {}
    # A committed offset stays where it is when retention passes it, in Kafka as here; the real
    # question therefore asks for the first record, too, and whoever resumes before that resumes
    # there. With the committed offset alone, a record that retention took unread, and that
    # nobody follows in its partition, would count as unread for ever.
    return {
        partition: GroupPlace(
            resume=max(committed.get((topic, partition), 0), log.start), end=log.end
        )
        for partition, log in enumerate(broker.logs(topic))
    }


def outbox_republish(*, stream: UUID, above: int, limit: int = 1000) -> int:
    scheduler().step(f"send {stream.int} again above {above}")
    with autocommit(here().side.database) as opened:
        rows = [
            (position, row)
            for position, row in opened.rows(MESSAGES)
            if row.stream == stream and row.sequence > above and row.published_at is not None
        ][:limit]
        for position, row in rows:
            again = replace(row, published_at=None, partition=None, offset=None)
            opened.write(MESSAGES, position, again)
    FakeWake.wake()
    return len(rows)


def _ours(rows: dict[tuple[UUID, int], Any], head: Stream, theirs: Standing) -> Ours:
    applied = rows.get((theirs.stream, theirs.last_sequence))
    following = rows.get((theirs.stream, theirs.last_sequence + 1))
    return Ours(
        stream=theirs.stream,
        head=head.last_sequence,
        event_at_cursor=applied.id if applied else None,
        next_event=None
        if following is None
        else NextEvent(
            event_id=following.id,
            age_s=None
            if following.published_at is None
            else scheduler().clock - following.published_at,
            partition=following.partition,
            offset=following.offset,
        ),
    )
