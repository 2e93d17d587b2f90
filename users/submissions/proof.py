"""
Hold every request beside what the ledger decided, in constant memory.

Both sides come by id and are merged. What does not agree at first sight is looked at again
before it is judged, because the system goes on meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from common.inbox.models import InboxWaiting
from common.internal.contracts import Asked, Decision
from users.submissions.effects import Effect, Pair, Verdict, effect_of
from users.submissions.internal_api import asked_by_ids, asked_page

_PAGE = 1000
_LOOK_AGAIN_AT = 500


class LedgerView(Protocol):
    """Where decisions come from: the internal API of the other service, or a file."""

    def as_of(self) -> datetime:
        """Of when its answers are."""

    def decisions(self, bounds: "Bounds") -> Iterator[Decision]:
        """Decisions within bounds, by id. Raises `PeerAway` or `FileUnusable`."""

    def again(self, pairs: Sequence[Pair]) -> Mapping[UUID, Decision]:
        """The decisions about these ids as they are now."""

    def held(self, streams: Sequence[UUID]) -> set[UUID]:
        """Those of the streams that wait behind a dead letter over there."""


class Bounds(NamedTuple):
    """Ids after `after` and before `until`; None: from the first, to the last."""

    after: UUID | None
    until: UUID | None


def effects_prove(
    *,
    ledger: LedgerView,
    bounds: Bounds,
    grace: timedelta,
    on_effect: Callable[[Effect], None],
    on_page: Callable[[int], None] = lambda _: None,
) -> Counter[Verdict]:
    """
    Judge every transaction id within bounds; `on_effect` gets each verdict.

    Returns how many ids got each verdict. Raises what `ledger` raises.
    """
    counts: Counter[Verdict] = Counter()
    suspects: list[Pair] = []

    def judge_suspects() -> None:
        for effect in _look_again(ledger, suspects, grace):
            counts[effect.verdict] += 1
            on_effect(effect)
        suspects.clear()

    for pair in pairs_merge(_asked(bounds, on_page), ledger.decisions(bounds)):
        effect = effect_of(pair, held=False, as_of=ledger.as_of(), grace=grace)
        if effect.verdict is Verdict.AGREES:
            counts[effect.verdict] += 1
            on_effect(effect)
        else:
            suspects.append(pair)
        if len(suspects) == _LOOK_AGAIN_AT:
            judge_suspects()
    judge_suspects()
    return counts


def pairs_merge(asked: Iterable[Asked], decisions: Iterable[Decision]) -> Iterator[Pair]:
    """Bring two sequences together that both ascend by id."""
    left, right = iter(asked), iter(decisions)
    request, decision = next(left, None), next(right, None)
    while request is not None or decision is not None:
        if decision is None or (request is not None and request.id < decision.id):
            pair = Pair(request.id, request, None)  # type: ignore[union-attr]  # one is not None
        elif request is None or decision.id < request.id:
            pair = Pair(decision.id, None, decision)
        else:
            pair = Pair(request.id, request, decision)
        yield pair
        request = next(left, None) if pair.asked else request
        decision = next(right, None) if pair.decision else decision


def _asked(bounds: Bounds, on_page: Callable[[int], None]) -> Iterator[Asked]:
    after = bounds.after
    while True:
        page = asked_page(after=after, until=bounds.until, limit=_PAGE)
        on_page(len(page.data))
        yield from page.data
        if page.after is None:
            return
        after = page.after


def _look_again(ledger: LedgerView, pairs: Sequence[Pair], grace: timedelta) -> Iterator[Effect]:
    if not pairs:
        return
    # Users first: a request is committed before it is decided, and settled after.
    asked = {one.id: one for one in asked_by_ids(ids=[pair.id for pair in pairs]).data}
    decided = ledger.again(pairs)
    streams = sorted({one.stream for one in asked.values() if one.settled_at is None})
    held = ledger.held(streams) | _held_here(streams)
    for pair in pairs:
        known = asked.get(pair.id)
        yield effect_of(
            Pair(pair.id, known, decided.get(pair.id)),
            held=known is not None and known.stream in held,
            as_of=ledger.as_of(),
            grace=grace,
        )


def _held_here(streams: Sequence[UUID]) -> set[UUID]:
    """Streams whose outcomes wait behind a dead letter of this service."""
    consumer = import_string(settings.EVENT_WIRING).consumer
    dead = InboxWaiting.objects.filter(
        consumer=consumer, state=InboxWaiting.State.DEAD, stream__in=streams
    )
    return {stream for stream in dead.values_list("stream", flat=True) if stream is not None}
