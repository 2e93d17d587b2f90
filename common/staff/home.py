"""The home page of a console: what it shows, of which time, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.module_loading import import_string

from common.console import Figure, FigureGroup
from common.hourly.selectors import Count, Unit
from common.staff.charts import Chart

_LATE_S = 120


@dataclass(frozen=True, kw_only=True)
class Period:
    """A span of time up to now, in slots of an hour or of a day."""

    name: str
    title: str
    unit: Unit
    slots: int
    form: str
    """How the beginning of a slot is written."""


PERIODS = (
    Period(name="day", title="24 hours", unit="hour", slots=24, form="%H:%M"),
    Period(name="month", title="30 days", unit="day", slots=30, form="%d %b"),
)


@dataclass(frozen=True, kw_only=True)
class View:
    """Of what time the figures are, and of which currency those that are of one."""

    period: Period
    now: datetime
    currency: str = ""

    @property
    def slots(self) -> list[datetime]:
        """When each hour or day of the period begins, in UTC."""
        last = self.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        step = timedelta(hours=1)
        if self.period.unit == "day":
            last, step = last.replace(hour=0), timedelta(days=1)
        return [last - step * ago for ago in range(self.period.slots - 1, -1, -1)]

    @property
    def since(self) -> datetime:
        """When the period begins."""
        return self.slots[0]

    @property
    def labels(self) -> list[str]:
        """The slots for people; the hours are in UTC as everywhere."""
        return [at.strftime(self.period.form) for at in self.slots]

    @property
    def heading(self) -> str:
        """What the slots are."""
        return "Hour (UTC)" if self.period.unit == "hour" else "Day (UTC)"


def view_of(request: HttpRequest) -> View:
    """What the page is asked for: `?period=` and `?currency=`; what is unknown is the default."""
    wanted = request.GET.get("period", "")
    period = next((one for one in PERIODS if one.name == wanted), PERIODS[0])
    return View(period=period, now=timezone.now(), currency=request.GET.get("currency", ""))


def currency_choose(view: View, counts: Sequence[Count]) -> tuple[View, list[str]]:
    """The view with a currency that there is, the most used one by default; and all there are."""
    numbers: dict[str, int] = {}
    for count in counts:
        if count.currency:
            numbers[count.currency] = numbers.get(count.currency, 0) + count.number
    known = sorted(numbers, key=lambda one: (-numbers[one], one))
    if view.currency in known:
        return view, sorted(known)
    return replace(view, currency=known[0] if known else ""), sorted(known)


@dataclass(frozen=True, kw_only=True)
class Home:
    """
    What one service has to say.

    `folded_at` is up to when the figures by the hour are whole. `next_step` is what to do while
    there is nothing to show.
    """

    headline: FigureGroup | None = None
    charts: Sequence[Chart] = ()
    groups: Sequence[FigureGroup] = ()
    view: View | None = None
    currencies: Sequence[str] = ()
    folded_at: datetime | None = None
    next_step: str = ""
    as_of: datetime = field(default_factory=timezone.now)

    @property
    def is_late(self) -> bool:
        """Whether nobody keeps the figures by the hour up."""
        if self.view is None:
            return False
        return self.folded_at is None or (self.as_of - self.folded_at).total_seconds() > _LATE_S

    @property
    def periods(self) -> list[tuple[str, str, bool]]:
        """Title and address of each period, and whether it is the one that is shown."""
        return [] if self.view is None else [self._choice(one.title, one.name) for one in PERIODS]

    @property
    def currency_choices(self) -> list[tuple[str, str, bool]]:
        """The same of each currency, if there is a choice."""
        view = self.view
        if view is None or len(self.currencies) <= 1:
            return []
        period = view.period.name
        return [
            (one, f"?{urlencode({'period': period, 'currency': one})}", one == view.currency)
            for one in self.currencies
        ]

    def _choice(self, title: str, name: str) -> tuple[str, str, bool]:
        view = self.view
        query = {"period": name} | ({"currency": view.currency} if view and view.currency else {})
        return title, f"?{urlencode(query)}", bool(view and view.period.name == name)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the service has to say, as far as this person may see what is behind it."""
    path = getattr(settings, "UNFOLD", {}).get("HOME")
    home: Home = import_string(path)(request) if path else Home()
    return {**context, "home": _as_seen_by(request, home)}


def _as_seen_by(request: HttpRequest, home: Home) -> Home:
    groups = [_group_seen_by(request, group) for group in home.groups]
    return replace(
        home,
        headline=home.headline and _group_seen_by(request, home.headline),
        charts=[chart for chart in home.charts if _may_follow(request, chart.url)],
        groups=[group for group in groups if group.figures],
    )


def _group_seen_by(request: HttpRequest, group: FigureGroup) -> FigureGroup:
    seen = [one for one in group.figures if _may_see(request, one)]
    return replace(group, figures=seen)


def _may_see(request: HttpRequest, figure: Figure) -> bool:
    if figure.permission:
        return request.user.has_perm(figure.permission)
    return _may_follow(request, figure.url)


def _may_follow(request: HttpRequest, url: str) -> bool:
    """Whether somebody may see the list behind a figure, and therefore the figure."""
    if not url:
        return True
    try:
        view = resolve(urlsplit(url).path).func
    except Resolver404:
        return False
    listed = getattr(view, "model_admin", None)
    return listed is None or bool(listed.has_view_permission(request))
