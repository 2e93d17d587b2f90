"""What the home page of either console says about repair."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from common.console import Figure, FigureGroup, Tone
from common.reconciliation.heads import peer_alarms_some
from common.reconciliation.models import PeerCursor

_COUNTED_MAX = 1_000
"""Streams of each kind that are counted; after a restore it may be all of them."""

_Verdict = PeerCursor.Verdict


def repair_figures(more: Iterable[Figure] = ()) -> FigureGroup:
    """Streams that the last sweeps could not bring together; some of each are counted."""
    counts = peer_alarms_some(most=_COUNTED_MAX + 1)
    return FigureGroup(
        title=f"As {settings.PEER['NAME']} sees it",
        figures=[
            _figure("Forked streams", counts, _Verdict.FORKED, "danger", "another history there"),
            _figure("Lost events", counts, _Verdict.LOST, "danger", "streams with a hole for good"),
            _figure("Held streams", counts, _Verdict.HELD, "warning", "behind a dead letter there"),
            *more,
        ],
    )


def _figure(
    title: str, counts: dict[str, int], verdict: PeerCursor.Verdict, tone: Tone, detail: str
) -> Figure:
    count = counts[verdict]
    return Figure(
        title=title,
        value=f"{_COUNTED_MAX:,}+" if count > _COUNTED_MAX else f"{count:,}",
        detail=detail,
        url=f"{reverse('admin:reconciliation_peercursor_changelist')}?verdict__exact={verdict}",
        tone=tone if count else "",
        word=str(verdict) if count else "",
    )
