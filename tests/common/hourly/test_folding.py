"""Tallies are added to figures once, whatever happens meanwhile."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from common.hourly import folding
from common.hourly.folding import tallies_fold
from common.hourly.latency import percentile_s
from common.hourly.models import HourlyFigure, HourlyTally
from common.hourly.selectors import counts_read

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def tally(number=1, *, series="things", hour=NOON, currency="EUR", label="new", amount=100):
    HourlyTally.objects.create(
        series=series, hour=hour, currency=currency, label=label, number=number, amount=amount
    )


def figure():
    return HourlyFigure.objects.values_list("number", "amount").get()


@pytest.mark.django_db(transaction=True)
class TestTalliesFold:
    def test_adds_every_tally_once(self):
        for _ in range(25):
            tally()

        assert [tallies_fold(at_once=10), tallies_fold(at_once=10)] == [25, 0]
        assert figure() == (25, 2500)

    def test_adds_to_what_is_there_and_takes_away(self):
        tally(5, amount=500)
        tallies_fold()
        tally(2, amount=200)
        tally(-4, amount=-400)
        tallies_fold()

        assert figure() == (3, 300)

    def test_goes_on_where_it_was_stopped(self, monkeypatch):
        for _ in range(25):
            tally()
        monkeypatch.setattr(folding, "_NOTE_TIME", "SELECT no_such_function()")
        with pytest.raises(Exception, match="no_such_function"):
            tallies_fold(at_once=10)
        half_way = figure()
        monkeypatch.undo()
        tallies_fold(at_once=10)

        # The third part failed after its figures were written, and was taken back whole.
        assert half_way == (20, 2000)
        assert figure() == (25, 2500)
        assert not HourlyTally.objects.exists()

    def test_holds_sums_that_no_bigint_does(self):
        for _ in range(3):
            tally(amount=9_223_372_036_854_775_807)
        tallies_fold()

        assert figure() == (3, 3 * 9_223_372_036_854_775_807)

    def test_counts_each_tally_once_when_two_fold_at_once(self):
        for _ in range(200):
            tally()
        together = threading.Barrier(2)

        def fold():
            together.wait()
            try:
                tallies_fold(at_once=7)
            finally:
                connection.close()

        threads = [threading.Thread(target=fold) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tallies_fold()

        assert figure() == (200, 20_000)


@pytest.mark.django_db(transaction=True)
class TestCountsRead:
    def test_sums_hours_up_to_days(self):
        tally(1, hour=NOON)
        tally(2, hour=NOON + timedelta(hours=3))
        tally(4, hour=NOON + timedelta(days=1))
        tallies_fold()

        counts = counts_read(series=["things"], since=NOON, unit="day")

        midnight = NOON.replace(hour=0)
        assert [(row.at, row.number) for row in counts.rows] == [
            (midnight, 3),
            (midnight + timedelta(days=1), 4),
        ]

    def test_leaves_out_what_is_older_or_of_another_series(self):
        tally(hour=NOON - timedelta(hours=1))
        tally(series="others")
        tallies_fold()

        counts = counts_read(series=["things"], since=NOON, unit="hour")

        assert counts.rows == []
        assert counts.folded_at is not None

    def test_knows_when_nobody_has_made_any(self):
        assert counts_read(series=["things"], since=NOON, unit="hour") == ([], None)


class TestPercentile:
    @pytest.mark.parametrize(
        ("share", "seconds"), [(0.5, 0.001), (0.9, 0.001), (0.91, 10.0), (1.0, 10.0)]
    )
    def test_is_the_upper_end_of_the_class_it_falls_into(self, share, seconds):
        assert percentile_s([("080", 1), ("000", 9)], share) == seconds

    def test_of_nothing_is_none(self):
        assert percentile_s([], 0.5) is None
