"""Figures by the hour or by the day."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from django.db import connection

from common.db.arrays import array_of

ALL_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""The hour of figures that are of the present: how many there are now."""

Unit = Literal["hour", "day"]


class Count(NamedTuple):
    """One figure: `at` is when its hour or day began, in UTC; `amount` is in minor units."""

    series: str
    at: datetime
    currency: str
    label: str
    number: int
    amount: int


class Counts(NamedTuple):
    """Figures, and up to when they are whole; None when nobody has made any yet."""

    rows: Sequence[Count]
    folded_at: datetime | None

    def of(self, series: str) -> list[Count]:
        """The figures of one series."""
        return [row for row in self.rows if row.series == series]


_READ = """
SELECT folded_at, found.* FROM (VALUES (1)) AS always (id)
LEFT JOIN hourly_folding USING (id)
LEFT JOIN (
    SELECT series, date_trunc(%(unit)s, hour, 'UTC') AS at, currency, label,
        sum(number)::bigint AS number, sum(amount) AS amount
    FROM hourly_figure
    WHERE series = ANY(%(series)s::text[]) AND (hour >= %(since)s OR hour = %(all_time)s)
    GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0
) AS found ON true
ORDER BY series, at, currency, label
"""


def counts_read(*, series: Sequence[str], since: datetime, unit: Unit) -> Counts:
    """Figures of these series since then, and those of all time; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {"series": array_of(series), "since": since, "unit": unit, "all_time": ALL_TIME},
        )
        found = cursor.fetchall()
    rows = [
        Count(series, at, currency, label, number, int(amount))
        for _, series, at, currency, label, number, amount in found
        if series is not None
    ]
    return Counts(rows, found[0][0])
