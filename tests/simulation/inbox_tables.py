"""The tables of the inbox, and what stands for their statements."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from common.events.envelope import Envelope
from common.inbox.arrival import Arrival, Poison, arrive
from common.inbox.placement import Cursor
from common.inbox.waiting import LOAD_MAX
from tests.simulation.database import Transaction, autocommit, statement
from tests.simulation.scheduler import here, scheduler

CURSORS = "inbox_cursor"
WAITING = "inbox_waiting"
ONCE = "inbox_waiting_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row of `inbox_waiting`."""

    item: Arrival | Poison
    state: str
    error_class: str = ""
    error: str = ""
    attempts: int = 0

    @property
    def envelope(self) -> Envelope | None:
        return self.item.envelope

    @property
    def place(self) -> tuple[UUID, int] | None:
        """The stream and the number it claims, if that much is legible."""
        known = self.item.envelope
        return None if known is None else (known.stream, known.sequence)


def cursors_lock(*, consumer: str, source: str, streams: Collection[UUID]) -> dict[UUID, Cursor]:
    opened = statement("lock cursors")
    cursors = {}
    for stream in sorted(streams):
        opened.lock(CURSORS, stream)
        cursors[stream] = replace(opened.read(CURSORS, stream) or Cursor(stream))
    return cursors


def cursors_save(*, consumer: str, source: str, cursors: Collection[Cursor]) -> None:
    opened = statement("save cursors")
    for cursor in cursors:
        opened.write(CURSORS, cursor.stream, replace(cursor))


def waiting_is_there(*, consumer: str, source: str, streams: Collection[UUID]) -> bool:
    opened = statement("look whether anything waits")
    return any(
        row.state in ("waiting", "dead") and row.place and row.place[0] in streams
        for _, row in opened.rows(WAITING)
    )


def waiting_load(
    *, consumer: str, source: str, streams: Collection[UUID]
) -> list[Arrival | Poison]:
    if not streams:
        return []
    opened = statement("load what waits")
    return _arrivals(_waiting(opened, streams))[:LOAD_MAX]


def waiting_next(*, consumer: str, source: str, stream: UUID) -> list[Arrival | Poison]:
    with _alone("load what waits next") as opened:
        rows = _waiting(opened, [stream])
        return _arrivals([(row_id, row) for row_id, row in rows if row.place == rows[0][1].place])


def waiting_store(*, consumer: str, arrivals: Sequence[Arrival]) -> None:
    opened = statement("store what waits")
    for arrival in arrivals:
        if arrival.row_id is None:
            known = _known(opened, arrival)
            if known is None:
                _insert(opened, Kept(item=arrival, state="waiting"))
            elif known[1].state == "discarded":
                opened.write(WAITING, known[0], replace(known[1], state="waiting"))


def dead_store(
    *,
    consumer: str,
    dead: Sequence[Arrival | Poison],
    error_class: str,
    error: str = "",
    attempts: int = 1,
) -> list[Arrival | Poison]:
    opened = statement("store what is dead")
    return [
        item
        for item in dead
        if _bury(
            opened,
            Kept(
                item=item,
                state="dead",
                error_class=str(error_class),
                error=item.reason if isinstance(item, Poison) else error,
                attempts=attempts,
            ),
        )
    ]


def waiting_settle(
    *, consumer: str, source: str, applied: Sequence[Envelope]
) -> list[Arrival | Poison]:
    if not applied:
        return []
    opened = statement("settle what waited")
    winners = {(envelope.stream, envelope.sequence): envelope.id for envelope in applied}
    rivals = []
    for row_id, row in list(opened.rows(WAITING)):
        winner = winners.get(row.place) if row.place else None
        if winner is None or row.state not in ("waiting", "dead"):
            continue
        if row.state == "dead":
            opened.write(WAITING, row_id, replace(row, state="superseded"))
        elif row.envelope.id != winner:
            rivals.append((row_id, row))
        else:
            _forget(opened, row_id, row, state="replayed")
    return _arrivals(rivals)


def waiting_delete(row_ids: Collection[int]) -> None:
    if not row_ids:
        return
    opened = statement("forget what waited")
    for row_id in row_ids:
        row = opened.read(WAITING, row_id)
        if row is not None and row.state == "waiting":
            _forget(opened, row_id, row, state="superseded")


def streams_due(*, consumer: str, source: str, cursors: Collection[Cursor]) -> set[UUID]:
    opened = statement("look for what is due")
    return _due(opened, cursors)


def streams_due_anywhere(*, consumer: str, source: str) -> set[UUID]:
    with _alone("look for what is due anywhere") as opened:
        return _due(opened, [cursor for _, cursor in opened.rows(CURSORS)])


def _alone(what: str):
    """A transaction of one statement."""
    scheduler().step(what)
    return autocommit(here().side.database)


def _due(opened: Transaction, cursors: Collection[Cursor]) -> set[UUID]:
    following = {(c.stream, c.last_sequence + 1) for c in cursors if not c.forked}
    return {
        row.place[0]
        for _, row in opened.rows(WAITING)
        if row.state == "waiting" and row.place in following
    }


def _waiting(opened: Transaction, streams: Iterable[UUID]) -> list[tuple[int, Kept]]:
    wanted = set(streams)
    found = [
        (row_id, row)
        for row_id, row in opened.rows(WAITING)
        if row.state == "waiting" and row.place[0] in wanted
    ]
    return sorted(found, key=lambda pair: (pair[1].place[1], pair[0]))


def _arrivals(rows: Iterable[tuple[int, Kept]]) -> list[Arrival | Poison]:
    return [
        arrive(row.item.record, consumed_at=row.item.consumed_at, row_id=row_id)
        for row_id, row in rows
    ]


def _known(opened: Transaction, item: Arrival | Poison) -> tuple[int, Kept] | None:
    """The row of the same event or record; who is about to store one is waited for."""
    opened.lock(ONCE, item.fingerprint)
    row_id = opened.read(ONCE, item.fingerprint)
    return None if row_id is None else (row_id, opened.read(WAITING, row_id))


def _insert(opened: Transaction, row: Kept) -> None:
    row_id = opened.database.draw(WAITING)
    opened.write(ONCE, row.item.fingerprint, row_id)
    opened.write(WAITING, row_id, row)


def _bury(opened: Transaction, row: Kept) -> bool:
    """Store a dead row, or make a row of the same event dead; False when it is so already."""
    known = _known(opened, row.item)
    if known is None:
        _insert(opened, row)
        return True
    row_id, kept = known
    is_event = row.item.row_id is not None or row.item.fingerprint.startswith("event:")
    if kept.state == "dead" or not is_event:
        return False
    total = kept.attempts + row.attempts
    opened.write(WAITING, row_id, replace(row, item=kept.item, attempts=total))
    return True


def _forget(opened: Transaction, row_id: int, row: Kept, *, state: str) -> None:
    """Remove the row of an event that took effect; one that was dead before stays."""
    if row.attempts:
        opened.write(WAITING, row_id, replace(row, state=state))
    else:
        opened.write(WAITING, row_id, None)
        opened.write(ONCE, row.item.fingerprint, None)
