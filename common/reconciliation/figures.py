"""What the home page of either console says about repair."""

from collections import Counter
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Count
from django.urls import reverse

from common.console import Figure, FigureGroup, Tone
from common.reconciliation.models import PeerCursor

_Verdict = PeerCursor.Verdict


def repair_figures(more: Iterable[Figure] = ()) -> FigureGroup:
    """Streams that the last sweeps could not bring together; counted by a small partial index."""
    alarming = [_Verdict.FORKED, _Verdict.LOST, _Verdict.HELD]
    found = PeerCursor.objects.filter(verdict__in=alarming).values_list("verdict")
    counts = Counter(dict(found.annotate(streams=Count("stream")).order_by()))
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
    title: str, counts: Counter[str], verdict: PeerCursor.Verdict, tone: Tone, detail: str
) -> Figure:
    count = counts[verdict]
    return Figure(
        title=title,
        value=f"{count:,}",
        detail=detail,
        url=f"{reverse('admin:reconciliation_peercursor_changelist')}?verdict__exact={verdict}",
        tone=tone if count else "",
        word=str(verdict) if count else "",
    )
