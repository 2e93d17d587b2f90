"""Charts over time, drawn by the theme from plain data; each has the same as a table."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from common.hourly.selectors import Count
from common.money import EXPONENTS, money_display

_AXIS = "#7c8494"
_GREY = "#64748b"
_NOTHING = "–"  # noqa: RUF001  a dash, shown for what is absent
_COLOURS = ("#6366f1", "#0ea5e9", "#14b8a6", "#f59e0b", "#ec4899", "#84cc16", "#a855f7")
"""Told apart on white and on black; the legend and the table say the same in words."""

STATUS_COLOURS = {
    "posted": "#16a34a",
    "authorised": "#0ea5e9",
    "pending": "#94a3b8",
    "rejected": "#dc2626",
    "voided": "#a16207",
    "expired": "#f59e0b",
    "partially_reversed": "#c084fc",
    "reversed": "#7c3aed",
}


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One line or one colour of bars: a value for each label, None where there is none."""

    title: str
    values: Sequence[float | None]
    shown: Sequence[str]
    """The values as people read them."""
    colour: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """
    Values by label, as a picture and as a table.

    `url` is the list behind all of it; `links` are those behind each label, if there are any.
    `about` says in a sentence what is counted.
    """

    title: str
    about: str
    heading: str
    """What the labels are."""
    labels: Sequence[str]
    datasets: Sequence[Dataset]
    url: str
    kind: Literal["bar", "line"] = "bar"
    lying: bool = False
    """Whether bars go from left to right, for labels that are words."""
    links: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for dataset in self.datasets for value in dataset.values)

    @property
    def data(self) -> str:
        """What is drawn, for Chart.js."""
        datasets = [
            {
                "label": one.title,
                "data": one.values,
                "backgroundColor": one.colour,
                "borderColor": one.colour,
                "borderWidth": 2 if self.kind == "line" else 0,
                "pointRadius": 2,
                "spanGaps": True,
                "maxBarThickness": 28,
            }
            for one in self.datasets
        ]
        return json.dumps({"labels": self.labels, "datasets": datasets})

    @property
    def options(self) -> str:
        """How it is drawn, for Chart.js."""
        ticks = {"color": _AXIS, "maxRotation": 0}
        stacked = self.kind == "bar"
        labelled = {"stacked": stacked, "grid": {"display": False}, "ticks": ticks}
        valued = {
            "stacked": stacked,
            "beginAtZero": True,
            "grid": {},
            "ticks": {**ticks, "maxTicksLimit": 6},
        }
        legend = {"position": "bottom", "align": "start", "display": len(self.datasets) > 1}
        labels = {"boxWidth": 10, "boxHeight": 10, "color": _AXIS}
        options: dict[str, Any] = {
            "animation": False,
            "responsive": True,
            "maintainAspectRatio": False,
            "indexAxis": "y" if self.lying else "x",
            "interaction": {"mode": "index", "intersect": False},
            "plugins": {"legend": {**legend, "labels": labels}},
            "scales": {"x": valued, "y": labelled} if self.lying else {"x": labelled, "y": valued},
        }
        return json.dumps(options)

    @property
    def headers(self) -> list[str]:
        """The first row of the table."""
        return [self.heading, *(one.title for one in self.datasets)]

    @property
    def rows(self) -> list[tuple[str, str, list[str]]]:
        """Label, link and cells of the other rows; what comes later or is more stands first."""
        links = self.links or [""] * len(self.labels)
        cells = zip(*(one.shown for one in self.datasets), strict=True)
        rows = [
            (label, link, list(shown))
            for label, link, shown in zip(self.labels, links, cells, strict=True)
        ]
        return rows if self.lying else rows[::-1]


def by_time(
    counts: Sequence[Count],
    *,
    slots: Sequence[datetime],
    key: Callable[[Count], str],
    value: Callable[[Count], float] = lambda count: count.number,
    shown: Callable[[float], str] = "{:,}".format,
) -> list[Dataset]:
    """
    What figures come to in each slot, a dataset for every key; the largest is the first.

    Keys beyond the number of colours are taken together, so that no two look alike.
    """
    sums: dict[str, dict[datetime, float]] = defaultdict(lambda: defaultdict(int))
    for count in counts:
        if count.at in slots:
            sums[key(count)][count.at] += value(count)
    ordered = sorted(sums, key=lambda one: (-sum(sums[one].values()), one))
    named, rest = ordered[: len(_COLOURS)], ordered[len(_COLOURS) :]
    for other in rest:
        for at, number in sums[other].items():
            sums["other"][at] += number
    colours = dict(zip(named, _COLOURS, strict=False)) | STATUS_COLOURS
    return [
        Dataset(
            title=name.replace("_", " ") or "all",
            values=[sums[name][at] for at in slots],
            shown=[shown(sums[name][at]) for at in slots],
            colour=colours.get(name, _GREY),
        )
        for name in [*named, *(["other"] if rest else [])]
    ]


def volume_by_time(
    counts: Sequence[Count], *, slots: Sequence[datetime], currency: str
) -> list[Dataset]:
    """The amounts of one currency in each slot, drawn in the units that people read."""
    scale = 10 ** EXPONENTS.get(currency, 0)
    datasets = by_time(
        [one for one in counts if one.currency == currency],
        slots=slots,
        key=lambda one: one.currency,
        value=lambda one: one.amount,
        shown=lambda amount: money_display(int(amount), currency),
    )
    return [
        replace(one, values=[None if value is None else value / scale for value in one.values])
        for one in datasets
    ]


def of_labels(counted: Sequence[tuple[str, int]], *, title: str, colour: str) -> Dataset:
    """What `by_label` found, as bars of one colour."""
    numbers = [number for _, number in counted]
    return Dataset(
        title=title, values=numbers, shown=[f"{number:,}" for number in numbers], colour=colour
    )


def share_shown(part: int, whole: int) -> str:
    """A share in per cent; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else _NOTHING


def by_label(counts: Sequence[Count]) -> list[tuple[str, int]]:
    """How many there are of each label; the most frequent is the first."""
    sums: dict[str, int] = defaultdict(int)
    for count in counts:
        sums[count.label] += count.number
    return sorted(sums.items(), key=lambda one: (-one[1], one[0]))
