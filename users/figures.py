"""What the home page of the users console says."""

from django.http import HttpRequest

from common.console import FigureGroup
from common.hourly.selectors import counts_read
from common.inbox.figures import road_figures
from common.reconciliation.figures import repair_figures
from common.staff.home import Home, currency_choose, view_of
from users.identity.figures import people_figures, sign_ups_chart
from users.ledger_seals.figures import conflicts_figure
from users.submissions.figures import requests_charts, requests_figures, unclaimed_figure
from users.submissions.pending import pending_read

_SERIES = ("people", "sign_ups", "requests", "refusals", "latency")
_NEXT_STEP = (
    "No request in this time. ./manage_all.sh demo sends money around on your machine; elsewhere"
    " requests come in by POST /api/v1/transactions."
)


def home(request: HttpRequest) -> Home:
    """People and their requests over time, the road, and what does not fit what is here."""
    view = view_of(request)
    counts = counts_read(series=_SERIES, since=view.since, unit=view.period.unit)
    pending = pending_read(unit=view.period.unit)
    accepted = [*counts.of("requests"), *pending.counts]
    view, currencies = currency_choose(view, accepted)
    figures = [*requests_figures(counts, pending, view), *people_figures(counts, view)]
    return Home(
        headline=FigureGroup(title=f"The last {view.period.title}", figures=figures),
        charts=[*requests_charts(counts, pending, view), sign_ups_chart(counts, view)],
        groups=[*road_figures(), repair_figures([unclaimed_figure(), conflicts_figure()])],
        view=view,
        currencies=currencies,
        folded_at=counts.folded_at,
        next_step="" if accepted else _NEXT_STEP,
    )
