"""What the home page of either console says about repair."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from common.console import Figure, FigureGroup, Tone
from common.inbox.figures import road_figures
from common.reconciliation.models import PeerCursor

_Verdict = PeerCursor.Verdict


def home_figures(request: HttpRequest) -> list[FigureGroup]:
    """The road, and what the other service has of it; the counts have a small partial index."""
    return [*road_figures(request), repair_figures()]


def repair_figures(more: Iterable[Figure] = ()) -> FigureGroup:
    """Streams that the last sweeps could not bring together."""
    return FigureGroup(
        title=f"As {settings.PEER['NAME']} sees it",
        figures=[
            _figure("Forked streams", _Verdict.FORKED, "danger", "another history over there"),
            _figure("Lost events", _Verdict.LOST, "danger", "streams that miss what we have not"),
            _figure("Held streams", _Verdict.HELD, "warning", "behind a dead letter over there"),
            *more,
        ],
    )


def _figure(title: str, verdict: PeerCursor.Verdict, tone: Tone, detail: str) -> Figure:
    count = PeerCursor.objects.filter(verdict=verdict).count()
    return Figure(
        title=title,
        value=f"{count:,}",
        detail=detail,
        url=f"{reverse('admin:reconciliation_peercursor_changelist')}?verdict__exact={verdict}",
        tone=tone if count else "",
        word=str(verdict) if count else "",
    )
