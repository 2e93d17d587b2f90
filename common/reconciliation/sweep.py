"""
Compare the heads of our streams with what the other service has applied, and send again.

One rule for a lost topic, retention that passed, a broker that lost data, discarded rubbish and a
consumer's database restored from a backup.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.conf import settings

from common.internal.client import peer_ask
from common.internal.contracts import Standing, StandingPage
from common.kafka.admin import group_places
from common.kafka.places import GroupPlace
from common.outbox.republish import outbox_republish
from common.reconciliation import heads
from common.reconciliation.verdict import ALARMING, Ours, Verdict, judge

log = structlog.get_logger(__name__)

OLDER_THAN_S = 60.0
_BEHIND_MAX = 20_000
_VERIFY_MAX = 1_000
_ROWS_MAX = 50_000
_NAMED = (*ALARMING, Verdict.HELD, Verdict.REPEATED)
_NAMED_MAX = 1_000

Places = Callable[[str], Mapping[int, GroupPlace]]


@dataclass(slots=True)
class SweepReport:
    """
    What a sweep found: how many streams of each verdict, and how many events go out again.

    `named` lists the streams whose verdict is not one that passes by itself, up to a thousand.
    `went_back` says that the other side had come further before: it was restored.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    named: dict[UUID, Verdict] = field(default_factory=dict)
    sent_again: int = 0
    went_back: bool = False

    @property
    def alarming(self) -> int:
        """How many streams need a person."""
        return sum(self.verdicts[verdict] for verdict in ALARMING)


def streams_reconcile(
    *,
    every_stream: bool = False,
    older_than_s: float = OLDER_THAN_S,
    dry_run: bool = False,
    places: Places = lambda group: group_places(group=group, topic=settings.OUTBOX_TOPIC),
    on_page: Callable[[int], None] = lambda _: None,
) -> SweepReport:
    """
    One sweep: ask where the other service stands, and send again what it has missed.

    What it missed was published more than `older_than_s` ago, its group has read past it, and
    no dead letter stands there. Sending again is harmless, whatever was judged wrong. A stream
    gets it once in `older_than_s` at most, because what goes out again is young again. With
    `every_stream` all are asked about, not only those that seem behind. `on_page` is told how
    many streams were asked about.

    Raises:
        PeerAway: the other service does not answer.
        BrokerError: Kafka does not. What was not judged by then is unchanged.
    """
    report = SweepReport()
    pages = heads.all_streams() if every_stream else _pages(_some_streams())
    for known in pages:
        _reconcile_page(known, report, places, older_than_s=older_than_s, dry_run=dry_run)
        on_page(len(known))
    if report.went_back and not dry_run:
        log.warning("peer_went_back", peer=settings.PEER["NAME"])
        heads.peer_cursors_forget()
    log.info("streams_reconciled", sent_again=report.sent_again, **_words(report))
    return report


def _words(report: SweepReport) -> dict[str, int]:
    return {verdict.value: count for verdict, count in report.verdicts.items()}


def _some_streams() -> dict[UUID, int]:
    return heads.streams_to_ask(behind_max=_BEHIND_MAX, verify_max=_VERIFY_MAX)


def _pages(known: Mapping[UUID, int]) -> Iterator[dict[UUID, int]]:
    streams = list(known)
    for start in range(0, len(streams), heads.BATCH):
        yield {stream: known[stream] for stream in streams[start : start + heads.BATCH]}


def _reconcile_page(
    known: Mapping[UUID, int],
    report: SweepReport,
    places: Places,
    *,
    older_than_s: float,
    dry_run: bool,
) -> None:
    page = _ask(known)
    judged = _judge_all(page.data, None, older_than_s)
    # An event that its group has committed since we asked would look missed; so where it
    # matters, the offsets are read first and the standings again after them.
    suspects = [stream for stream, verdict in judged.items() if verdict is Verdict.UNREAD]
    standings = {one.stream: one for one in page.data}
    if suspects:
        read = places(page.consumer)
        again = _ask(suspects).data
        judged |= _judge_all(again, read, older_than_s)
        standings |= {one.stream: one for one in again}
    report.verdicts.update(judged.values())
    report.went_back |= any(one.last_sequence < known[one.stream] for one in standings.values())
    _name(judged, report)
    if not dry_run:
        heads.peer_cursors_save(list(standings.values()), judged)
        _send_again(judged, standings, report)


def _ask(streams: Iterable[UUID]) -> StandingPage:
    return peer_ask("streams", sorted(streams), StandingPage)


def _judge_all(
    standings: Sequence[Standing],
    places: Mapping[int, GroupPlace] | None,
    older_than_s: float,
) -> dict[UUID, Verdict]:
    ours: Mapping[UUID, Ours] = heads.ours_of(standings)
    return {
        one.stream: judge(
            ours=ours[one.stream], theirs=one, places=places, older_than_s=older_than_s
        )
        for one in standings
    }


def _name(judged: Mapping[UUID, Verdict], report: SweepReport) -> None:
    for stream, verdict in judged.items():
        if verdict in ALARMING:
            log.error("stream_broken", verdict=verdict.value, stream=str(stream))
        if verdict in _NAMED and len(report.named) < _NAMED_MAX:
            report.named[stream] = verdict


def _send_again(
    judged: Mapping[UUID, Verdict], standings: Mapping[UUID, Standing], report: SweepReport
) -> None:
    for stream, verdict in sorted(judged.items()):
        room = _ROWS_MAX - report.sent_again
        if verdict is Verdict.REPEATED and room > 0:
            above = standings[stream].last_sequence
            report.sent_again += outbox_republish(stream=stream, above=above, limit=room)
