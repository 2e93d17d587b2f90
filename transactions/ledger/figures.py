"""What the home page of the transactions console says, beside the road."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from common.console import Figure, FigureGroup
from common.hourly.selectors import Count, Counts, counts_read
from common.inbox.figures import road_figures
from common.reconciliation.figures import repair_figures
from common.staff.charts import (
    STATUS_COLOURS,
    Chart,
    by_label,
    by_time,
    of_labels,
    share_shown,
    volume_by_time,
)
from common.staff.home import Home, View, currency_choose, view_of
from transactions.ledger.models import MOVED, Account, JournalSeal, LedgerCheckResult

_SERIES = ("transactions", "commands", "refusals", "accounts")
_NEXT_STEP = (
    "Nothing was recorded in this time. ./manage_all.sh demo sends money around on your machine;"
    " elsewhere the ledger decides about what users accepts."
)


def home(request: HttpRequest) -> Home:
    """What the ledger recorded over time, whether the books are as they were, and the road."""
    view = view_of(request)
    counts = counts_read(series=_SERIES, since=view.since, unit=view.period.unit)
    recorded = counts.of("transactions")
    view, currencies = currency_choose(view, recorded)
    figures = [*_recorded_figures(counts, view), *_accounts_figures(counts.of("accounts"))]
    return Home(
        headline=FigureGroup(title=f"The last {view.period.title}", figures=figures),
        charts=_charts(counts, view),
        groups=[
            FigureGroup(title="Books", figures=[_seals(), *_checks()]),
            *road_figures(),
            repair_figures(),
        ],
        view=view,
        currencies=currencies,
        folded_at=counts.folded_at,
        next_step="" if recorded else _NEXT_STEP,
    )


def _list(view: View, **filters: str) -> str:
    query = urlencode({"recorded_at__gte": view.since.isoformat(), **filters})
    return f"{reverse('admin:ledger_ledgertransaction_changelist')}?{query}"


def _recorded_figures(counts: Counts, view: View) -> list[Figure]:
    recorded, commands = counts.of("transactions"), counts.of("commands")
    number = sum(one.number for one in recorded)
    moved = sum(one.number for one in recorded if one.label in MOVED)
    refused = sum(one.number for one in recorded if one.label == "rejected")
    return [
        Figure(
            title="Transactions recorded",
            value=f"{number:,}",
            detail=f"in {view.period.title}",
            url=_list(view),
        ),
        Figure(
            title="Posted",
            value=share_shown(moved, number),
            detail=f"{moved:,} of {number:,}",
            url=_list(view, state__exact="posted"),
        ),
        Figure(
            title="Refused",
            value=share_shown(refused, number),
            detail=f"{refused:,} of {number:,}",
            url=_list(view, state__exact="rejected"),
        ),
        Figure(
            title="Commands applied",
            value=f"{sum(one.number for one in commands):,}",
            detail=", ".join(f"{label} {n:,}" for label, n in by_label(commands)),
            url=_list(view, kind__in="capture,void,expiry,reversal"),
        ),
    ]


def _accounts_figures(accounts: Sequence[Count]) -> list[Figure]:
    numbers = dict(by_label(accounts))
    figures = []
    for status in Account.Status:
        number = numbers.get(status, 0)
        frozen = bool(number) and status == Account.Status.FROZEN
        figures.append(
            Figure(
                title=f"{status.label} accounts",
                value=f"{number:,}",
                url=f"{reverse('admin:ledger_account_changelist')}?status__exact={status}",
                tone="warning" if frozen else "",
                word="frozen" if frozen else "",
            )
        )
    return figures


def _charts(counts: Counts, view: View) -> list[Chart]:
    recorded, per, currency = counts.of("transactions"), view.period.unit, view.currency
    over_time = {"heading": view.heading, "labels": view.labels}
    return [
        Chart(
            title=f"Transactions recorded per {per}",
            about="Transfers, withdrawals and deposits that the ledger decided about, by currency.",
            datasets=by_time(recorded, slots=view.slots, key=lambda one: one.currency),
            url=_list(view),
            **over_time,  # type: ignore[arg-type]  # what they have in common
        ),
        Chart(
            title=f"Volume moved per {per}{', ' + currency if currency else ''}",
            about="What they moved; of a hold, what was captured since.",
            datasets=volume_by_time(recorded, slots=view.slots, currency=currency),
            url=_list(view, **({"currency__exact": currency} if currency else {})),
            **over_time,  # type: ignore[arg-type]  # as above
        ),
        Chart(
            title="What became of them",
            about="The transactions recorded in each slot by the state that they are in now.",
            datasets=by_time(recorded, slots=view.slots, key=lambda one: one.label),
            url=_list(view),
            **over_time,  # type: ignore[arg-type]  # as above
        ),
        _refusals(counts.of("refusals"), view),
        Chart(
            title=f"Commands applied per {per}",
            about="Captures, voids, expiries and reversals.",
            datasets=by_time(counts.of("commands"), slots=view.slots, key=lambda one: one.label),
            url=_list(view, kind__in="capture,void,expiry,reversal"),
            **over_time,  # type: ignore[arg-type]  # as above
        ),
    ]


def _refusals(refusals: Sequence[Count], view: View) -> Chart:
    codes = by_label(refusals)
    return Chart(
        title="Refusals by code",
        about="Why the ledger refused transactions and commands.",
        heading="Code",
        labels=[code for code, _ in codes],
        datasets=[of_labels(codes, title="refused", colour=STATUS_COLOURS["rejected"])],
        url=_list(view, state__exact="rejected"),
        links=[_list(view, rejection_code__exact=code) for code, _ in codes],
        lying=True,
    )


def _seals() -> Figure:
    head = JournalSeal.objects.order_by("-number").first()
    return Figure(
        title="Seals",
        value=f"{head.number if head else 0:,}",
        detail="" if head is None else f"the last over entry {head.last_sequence:,}",
        url=reverse("admin:ledger_journalseal_changelist"),
    )


def _checks() -> list[Figure]:
    found = {one.name: one for one in LedgerCheckResult.objects.all()}
    return [_check(check, found.get(check.value)) for check in LedgerCheckResult.Check]


def _check(check: LedgerCheckResult.Check, result: LedgerCheckResult | None) -> Figure:
    url = reverse("admin:ledger_ledgercheckresult_changelist")
    if result is None:
        detail = "housekeeping has not come to it yet"
        return Figure(title=check.label, value="Not checked", detail=detail, url=url)
    return Figure(
        title=check.label,
        value="Right" if result.ok else "Wrong",
        detail=f"{result.at:%Y-%m-%d %H:%M} UTC",
        url=url,
        tone="success" if result.ok else "danger",
        word="passed" if result.ok else "wrong",
    )
