"""What is to be done about a stream. Pure: both sides in, one word out."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from common.internal.contracts import Standing
from common.kafka.places import GroupPlace
from common.reconciliation.models import PeerCursor

Verdict = PeerCursor.Verdict

ALARMING = (Verdict.FORKED, Verdict.LOST)
"""Nothing will mend these by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEvent:
    """The event of ours that the other side needs next; `age_s` is None until it is published."""

    event_id: UUID
    age_s: float | None
    partition: int | None
    offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """
    Our side of a stream, read after theirs.

    `event_at_cursor` is our event under the number they applied last, None when it is not known
    any more; `next_event` is None when there is no row for it.
    """

    stream: UUID
    head: int
    event_at_cursor: UUID | None
    next_event: NextEvent | None


def judge(
    *, ours: Ours, theirs: Standing, places: Mapping[int, GroupPlace] | None, older_than_s: float
) -> Verdict:
    """
    Say what state a stream is in; `REPEATED` means that what they miss must be sent again.

    `places` is how far their group had read before `theirs` was asked for; None means that
    nobody has looked, and everything old counts as unread.
    """
    if _is_forked(ours, theirs):
        return Verdict.FORKED
    if theirs.last_sequence == ours.head:
        return Verdict.AGREES
    following = ours.next_event
    # A dead letter with another event's id is rubbish that only claims the place; ours has
    # not come, and it supersedes the claimant when it does.
    if theirs.held and (following is None or following.event_id in theirs.held):
        return Verdict.HELD
    if following is None:
        return Verdict.LOST
    return _of_missed(following, places, older_than_s)


def _of_missed(
    event: NextEvent, places: Mapping[int, GroupPlace] | None, older_than_s: float
) -> Verdict:
    if event.age_s is None:
        return Verdict.UNPUBLISHED
    if event.age_s < older_than_s:
        return Verdict.YOUNG
    # A consumer that was down for an hour will read it all; sending it again would only be a
    # flood.
    if places is None or not _was_read(event, places):
        return Verdict.UNREAD
    return Verdict.REPEATED


def _is_forked(ours: Ours, theirs: Standing) -> bool:
    if theirs.forked or theirs.last_sequence > ours.head:
        return True
    known = ours.event_at_cursor
    return known is not None and theirs.last_event_id not in (None, known)


def _was_read(event: NextEvent, places: Mapping[int, GroupPlace]) -> bool:
    """Whether the group has passed the record, or the record is not in the topic any more."""
    if event.partition is None or event.offset is None:
        return all(place.lag == 0 for place in places.values())
    place = places.get(event.partition)
    if place is None or place.lag == 0:
        return True
    # Beyond the end: the topic was made again, or the broker has lost its tail.
    return place.resume > event.offset or place.end <= event.offset
