"""What the home page of the users console says about requests and their outcomes."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse

from common.adminkit import duration_shown
from common.console import Figure
from common.hourly.latency import percentile_s
from common.hourly.selectors import Count, Counts
from common.staff.charts import (
    STATUS_COLOURS,
    Chart,
    Dataset,
    by_label,
    by_time,
    of_labels,
    share_shown,
    volume_by_time,
)
from common.staff.home import View
from users.submissions.models import UnclaimedOutcome
from users.submissions.pending import Pending

_OLD = timedelta(minutes=1)
_SETTLED_WELL = {"posted", "partially_reversed", "reversed", "authorised"}


def unclaimed_figure() -> Figure:
    """Outcomes that are nobody's."""
    count = UnclaimedOutcome.objects.count()
    return Figure(
        title="Unclaimed outcomes",
        value=f"{count:,}",
        detail="of requests that this database does not know",
        url=reverse("admin:submissions_unclaimedoutcome_changelist"),
        tone="danger" if count else "",
        word="unclaimed" if count else "",
    )


def requests_list(view: View, **filters: str) -> str:
    """The address of the list of requests of the period that fit."""
    return _list(accepted_at__gte=view.since.isoformat(), **filters)


def _list(**filters: str) -> str:
    return f"{reverse('admin:submissions_transactionrequest_changelist')}?{urlencode(filters)}"


def requests_figures(counts: Counts, pending: Pending, view: View) -> list[Figure]:
    """Accepted, come to something, refused, waiting, and how long it takes."""
    accepted = [*counts.of("requests"), *pending.counts]
    accepted = [one for one in accepted if one.at >= view.since]
    number = sum(one.number for one in accepted)
    decided = sum(one.number for one in accepted if one.label != "pending")
    good = sum(one.number for one in accepted if one.label in _SETTLED_WELL)
    refused = sum(one.number for one in accepted if one.label == "rejected")
    return [
        Figure(
            title="Requests accepted",
            value=f"{number:,}{'+' if pending.more else ''}",
            detail=f"in {view.period.title}",
            url=requests_list(view),
        ),
        Figure(
            title="Posted or held",
            value=share_shown(good, decided),
            detail=f"{good:,} of {decided:,} with an outcome",
            url=requests_list(view, status__exact="posted"),
        ),
        Figure(
            title="Refused",
            value=share_shown(refused, decided),
            detail=f"{refused:,} of {decided:,} with an outcome",
            url=requests_list(view, status__exact="rejected"),
        ),
        _pending_figure(pending, view),
        _latency_figure(counts.of("latency"), view),
    ]


def _pending_figure(pending: Pending, view: View) -> Figure:
    oldest_at = pending.oldest_at
    age = None if oldest_at is None else view.now - oldest_at
    old = age is not None and age > _OLD
    return Figure(
        title="Pending",
        value=f"{pending.number:,}{'+' if pending.more else ''}",
        detail="nothing waits" if age is None else f"the oldest for {duration_shown(age)}",
        url=_list(status__exact="pending"),
        tone="warning" if old else "",
        word="old" if old else "",
    )


def _latency_figure(latency: Sequence[Count], view: View) -> Figure:
    classes = [(one.label, one.number) for one in latency]
    half, most = (_time_shown(percentile_s(classes, share)) for share in (0.5, 0.95))
    return Figure(
        title="Acceptance to outcome",
        value=most,
        detail=f"95 of 100 within; half of them within {half}" if classes else "no outcome yet",
        url=requests_list(view),
    )


def requests_charts(counts: Counts, pending: Pending, view: View) -> list[Chart]:
    """Requests over time: how many, how much, what became of them, why not, and how fast."""
    accepted = [*counts.of("requests"), *pending.counts]
    slots, per = view.slots, view.period.unit
    return [
        Chart(
            title=f"Requests accepted per {per}",
            about="Every request that was accepted, by currency.",
            datasets=by_time(accepted, slots=slots, key=lambda one: one.currency),
            heading=view.heading,
            labels=view.labels,
            url=requests_list(view),
        ),
        _volume(accepted, view),
        Chart(
            title="What became of them",
            about="The requests accepted in each slot by the status that they have now.",
            datasets=by_time(accepted, slots=slots, key=lambda one: one.label),
            heading=view.heading,
            labels=view.labels,
            url=requests_list(view),
        ),
        _refusals(counts.of("refusals"), view),
        _latency(counts.of("latency"), view),
    ]


def _volume(accepted: Sequence[Count], view: View) -> Chart:
    currency = view.currency
    return Chart(
        title=f"Volume accepted per {view.period.unit}{', ' + currency if currency else ''}",
        about="The amounts asked for, whatever became of them.",
        heading=view.heading,
        labels=view.labels,
        datasets=volume_by_time(accepted, slots=view.slots, currency=currency),
        url=requests_list(view, **({"currency__exact": currency} if currency else {})),
    )


def _refusals(refusals: Sequence[Count], view: View) -> Chart:
    codes = by_label([one for one in refusals if one.at >= view.since])
    return Chart(
        title="Refusals by code",
        about="Why the ledger refused requests that were accepted in this time.",
        heading="Code",
        labels=[code for code, _ in codes],
        datasets=[of_labels(codes, title="refused", colour=STATUS_COLOURS["rejected"])],
        url=requests_list(view, status__exact="rejected"),
        links=[requests_list(view, rejection_code__exact=code) for code, _ in codes],
        lying=True,
    )


def _latency(latency: Sequence[Count], view: View) -> Chart:
    shares = (("half of them", 0.5, "#0ea5e9"), ("95 of 100", 0.95, "#f59e0b"))
    datasets = []
    for title, share, colour in shares:
        found = [
            percentile_s([(one.label, one.number) for one in latency if one.at == at], share)
            for at in view.slots
        ]
        values = [None if seconds is None else round(seconds * 1000, 1) for seconds in found]
        datasets.append(
            Dataset(title=title, values=values, shown=list(map(_time_shown, found)), colour=colour)
        )
    return Chart(
        title="Acceptance to outcome, milliseconds",
        about="What so many did not exceed; holds that people decided about later are left out.",
        heading=view.heading,
        labels=view.labels,
        datasets=datasets,
        url=requests_list(view),
        kind="line",
    )


def _time_shown(seconds: float | None) -> str:
    return duration_shown(None if seconds is None else timedelta(seconds=seconds))
