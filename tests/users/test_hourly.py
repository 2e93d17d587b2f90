"""What the users service counts by the hour is what its tables say."""

import math
import random
from datetime import timedelta

import pytest
from django.db import connection

from common.hourly.folding import figures_rebuild, tallies_fold
from common.hourly.latency import percentile_s
from common.hourly.models import HourlyFigure, HourlyTally
from common.hourly.selectors import ALL_TIME, counts_read
from tests.factories.users import NOON, TransactionRequestFactory, UserFactory, status_lead
from users.submissions.models import TransactionRequest

pytestmark = pytest.mark.django_db(transaction=True)

_STEPS = {
    "pending": ["authorised", "posted", "rejected"],
    "authorised": ["posted", "voided", "expired"],
    "posted": ["partially_reversed", "reversed"],
    "partially_reversed": ["reversed"],
}


def figures():
    rows = HourlyFigure.objects.exclude(number=0, amount=0)
    return sorted(rows.values_list("series", "hour", "currency", "label", "number", "amount"))


def naive():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'requests', date_trunc('hour', accepted_at), currency, status,
                count(*), sum(amount)
            FROM transaction_request WHERE status <> 'pending' GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'refusals', date_trunc('hour', accepted_at), currency, rejection_code,
                count(*), sum(amount)
            FROM transaction_request WHERE rejection_code IS NOT NULL GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'sign_ups', date_trunc('hour', created_at), '', '', count(*), 0
            FROM user_account GROUP BY 2
            UNION ALL
            SELECT 'people', %s, '', status, count(*), 0 FROM user_account GROUP BY status
            """,
            [ALL_TIME],
        )
        return sorted(cursor.fetchall())


def settle(row, status, at):
    """Give a request its next status, as an outcome does."""
    row.status = status
    if status == "rejected":
        row.rejection_code = "insufficient_funds"
    if status != "authorised":
        row.settled_at = row.settled_at or at
    if status in {"posted", "partially_reversed", "reversed"}:
        row.captured_amount = row.amount
    row.reversed_amount = {"partially_reversed": 1, "reversed": row.amount}.get(status, 0)
    row.save()


@pytest.fixture
def requests():
    """Requests of three hours, led by chance through some of their steps, and folds between."""
    chance = random.Random(7)  # noqa: S311  to be repeated
    users = UserFactory.create_batch(3, created_at=NOON - timedelta(hours=1))
    rows = [
        TransactionRequestFactory(
            user=chance.choice(users),
            amount=chance.randint(2, 10_000),
            currency=chance.choice(["EUR", "JPY"]),
            accepted_at=NOON + timedelta(minutes=chance.randint(0, 179)),
        )
        for _ in range(60)
    ]
    for _ in range(3):
        for row in rows:
            steps = _STEPS.get(row.status)
            if steps and chance.random() < 0.7:
                late = timedelta(milliseconds=chance.randint(3, 200_000))
                settle(row, chance.choice(steps), row.accepted_at + late)
        if chance.random() < 0.7:
            tallies_fold()
    status_lead(users[0], "suspended")
    status_lead(users[1], "closed")
    return rows


class TestFigures:
    @pytest.mark.usefixtures("requests")
    def test_are_what_the_tables_say(self):
        tallies_fold()

        assert [row for row in figures() if row[0] != "latency"] == naive()

    def test_count_what_is_settled_later_in_its_own_hour(self):
        row = TransactionRequestFactory(amount=100, accepted_at=NOON)
        tallies_fold()
        before = counts_read(series=["requests"], since=NOON, unit="hour").rows
        settle(row, "posted", NOON + timedelta(hours=30))
        tallies_fold()
        settle(row, "reversed", NOON + timedelta(hours=300))
        tallies_fold()

        (after,) = counts_read(series=["requests"], since=NOON, unit="hour").rows

        assert before == []
        assert after == ("requests", NOON, "EUR", "reversed", 1, 100)

    def test_count_nothing_that_was_rolled_back(self):
        row = TransactionRequestFactory()

        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE transaction_request SET status = 'authorised' WHERE id = %s", [row.id]
            )
            cursor.execute("ROLLBACK")

        tallies_fold()
        assert not counts_read(series=["requests"], since=NOON, unit="hour").rows

    def test_count_rows_that_are_loaded_with_their_outcome(self):
        TransactionRequestFactory(posted=True)
        TransactionRequestFactory(rejected=True)
        TransactionRequestFactory(hold=True, status="authorised")
        tallies_fold()

        assert [row for row in figures() if row[0] != "latency"] == naive()

    def test_accept_without_writing_a_tally(self):
        UserFactory()
        tallies_fold()

        TransactionRequestFactory(user=UserFactory._meta.model.objects.get())

        assert not HourlyTally.objects.exists()


class TestLatency:
    @pytest.mark.usefixtures("requests")
    def test_gives_percentiles_within_its_classes(self):
        tallies_fold()
        times = sorted(
            (row.settled_at - row.accepted_at).total_seconds()
            for row in TransactionRequest.objects.filter(settled_at__isnull=False)
        )
        counts = counts_read(series=["latency"], since=NOON, unit="day").of("latency")

        assert sum(row.number for row in counts) == len(times)
        for share in (0.5, 0.95):
            exact = times[math.ceil(share * len(times)) - 1]
            found = percentile_s([(row.label, row.number) for row in counts], share)
            assert exact <= found <= exact * 1.13

    def test_is_not_of_holds_that_people_decided_about(self):
        held = TransactionRequestFactory(hold=True, status="authorised")
        settle(held, "posted", NOON + timedelta(days=3))
        refused = TransactionRequestFactory(hold=True)
        settle(refused, "rejected", NOON - timedelta(seconds=1))
        tallies_fold()

        (row,) = counts_read(series=["latency"], since=NOON, unit="hour").rows

        # A clock that is behind counts as no time at all.
        assert (row.label, row.number) == ("000", 1)


class TestFiguresRebuild:
    @pytest.mark.usefixtures("requests")
    def test_makes_the_same_figures_anew(self):
        HourlyFigure.objects.all().delete()
        HourlyFigure.objects.create(series="requests", hour=NOON, label="x", number=9, amount=9)
        settle(TransactionRequestFactory(), "posted", NOON)

        made = figures_rebuild()
        rebuilt = figures()
        tallies_fold()

        assert len(rebuilt) == made
        assert figures() == rebuilt
        assert [row for row in rebuilt if row[0] != "latency"] == naive()
