"""Step 6 of the road: which events of a stream have their turn. Pure, and the heart of it all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from common.events.envelope import Envelope
from common.inbox.arrival import Arrival


class Turn(Enum):
    """What the cursor says of an event."""

    APPLY = auto()
    DUPLICATE = auto()
    WAIT = auto()
    FORKED = auto()


@dataclass(slots=True)
class Cursor:
    """How far a stream was applied; see `InboxCursor`."""

    stream: UUID
    last_sequence: int = 0
    last_event_id: UUID | None = None
    forked: bool = False

    def turn_of(self, envelope: Envelope) -> Turn:
        """
        Say whether an event is due, was applied, comes early, or contradicts what was applied.

        Another event under the sequence that was applied last means that the producer's
        history was rewritten (a restored database): the stream is forked and must wait. What
        lies before a baseline has no id to compare with.
        """
        if envelope.sequence == self.last_sequence and self.last_event_id not in (
            None,
            envelope.id,
        ):
            return Turn.FORKED
        if envelope.sequence <= self.last_sequence:
            return Turn.DUPLICATE
        if self.forked or envelope.sequence > self.last_sequence + 1:
            return Turn.WAIT
        return Turn.APPLY

    def advance(self, envelope: Envelope) -> None:
        """Move past an event that is being applied, or that staff discard."""
        self.last_sequence = envelope.sequence
        self.last_event_id = envelope.id


@dataclass(slots=True)
class Placing:
    """
    Puts arrivals of many streams in order; the result is what one transaction makes true.

    `parked` holds, by stream and sequence, what waits: rows of earlier batches and early
    arrivals of this one. `applied` is in order; `forked` contradicts what was applied;
    `duplicate_rows` are waiting rows that turned out to be applied already.

    Note [Contested places]: two events that wait for one place cannot both be real, and which
    came first says nothing. Neither is applied: both are `contested`, the stream waits, and
    whichever of them comes in its turn (the producer is asked again) takes the place.
    """

    cursors: dict[UUID, Cursor]
    parked: dict[tuple[UUID, int], Arrival] = field(default_factory=dict)
    applied: list[Arrival] = field(default_factory=list)
    forked: list[Arrival] = field(default_factory=list)
    contested: dict[tuple[UUID, int], list[Arrival]] = field(default_factory=dict)
    duplicate_rows: list[int] = field(default_factory=list)
    duplicates: int = 0

    def take(self, arrival: Arrival) -> Iterator[Arrival]:
        """Yield the events whose turn it is now: this one and those that waited behind it."""
        cursor = self.cursors[arrival.envelope.stream]
        turn = cursor.turn_of(arrival.envelope)
        if turn is Turn.APPLY:
            yield from self._apply_chain(cursor, arrival)
        elif turn is Turn.WAIT:
            self.park(arrival)
        elif turn is Turn.FORKED:
            cursor.forked = True
            self.forked.append(arrival)
        else:
            self._count_duplicate(arrival)

    def unpark(self, stream: UUID) -> Iterator[Arrival]:
        """Yield what waits in a stream and has its turn by now."""
        cursor = self.cursors[stream]
        if not cursor.forked:
            due = self.parked.get((stream, cursor.last_sequence + 1))
            yield from self._apply_chain(cursor, due)

    def take_up(self, arrival: Arrival) -> None:
        """Consider an event of an earlier batch again: it waits on, or its place is gone."""
        turn = self.cursors[arrival.envelope.stream].turn_of(arrival.envelope)
        if turn is Turn.DUPLICATE:
            self._count_duplicate(arrival)
        elif turn is Turn.FORKED:
            self.forked.append(arrival)
        else:
            self.park(arrival)

    def park(self, arrival: Arrival) -> None:
        """Keep an event until its turn; see Note [Contested places]."""
        place = (arrival.envelope.stream, arrival.envelope.sequence)
        if (claimants := self.contested.get(place)) is not None:
            claimants.append(arrival)
            return
        known = self.parked.setdefault(place, arrival)
        if known is arrival:
            return
        if known.envelope.id == arrival.envelope.id:
            self._count_duplicate(arrival)
        else:
            self.contested[place] = [self.parked.pop(place), arrival]

    def begin_at_first(self, envelopes: Iterable[Envelope]) -> None:
        """Let streams without a cursor begin with the first of their events that is here."""
        first: dict[UUID, int] = {}
        here = [*envelopes, *(arrival.envelope for arrival in self.parked.values())]
        for envelope in here:
            if not self.cursors[envelope.stream].last_sequence:
                known = first.get(envelope.stream, envelope.sequence)
                first[envelope.stream] = min(known, envelope.sequence)
        for stream, sequence in first.items():
            self.cursors[stream].last_sequence = sequence - 1

    def _apply_chain(self, cursor: Cursor, due: Arrival | None) -> Iterator[Arrival]:
        while due is not None:
            if self.parked or self.contested:
                self._settle_rivals(due)
            cursor.advance(due.envelope)
            self.applied.append(due)
            yield due
            due = self.parked.get((cursor.stream, cursor.last_sequence + 1))

    def _settle_rivals(self, winner: Arrival) -> None:
        place = (winner.envelope.stream, winner.envelope.sequence)
        for rival in (self.parked.pop(place, winner), *self.contested.pop(place, ())):
            if rival is winner:
                continue
            if rival.envelope.id == winner.envelope.id:
                self._count_duplicate(rival)
            else:
                self.forked.append(rival)

    def _count_duplicate(self, arrival: Arrival) -> None:
        self.duplicates += 1
        if arrival.row_id is not None:
            self.duplicate_rows.append(arrival.row_id)
