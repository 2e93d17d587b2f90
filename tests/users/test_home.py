"""The home page of the users console."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from common.hourly.folding import tallies_fold
from common.hourly.models import HourlyFolding
from common.inbox.models import ConsumerLag
from tests.common.home_pages import HomeOfManyStreams, drawn, figure
from tests.factories.users import TransactionRequestFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff():
    client = Client()
    client.force_login(UserFactory(staff=True))
    return client


@pytest.fixture
def requests():
    """Three of now: posted in EUR, refused in JPY, and one that has been waiting for minutes."""
    now = timezone.now()
    later = now + timedelta(milliseconds=40)
    TransactionRequestFactory(amount=12_345, accepted_at=now, posted=True, settled_at=later)
    TransactionRequestFactory(
        amount=700, currency="JPY", accepted_at=now, rejected=True, settled_at=later
    )
    TransactionRequestFactory(amount=655, accepted_at=now - timedelta(minutes=3))
    tallies_fold()


@pytest.mark.usefixtures("requests")
class TestHome:
    def test_tells_figures(self, staff):
        text = staff.get("/admin/").content.decode()

        assert figure(text, "Requests accepted").startswith("3 in 24 hours")
        assert figure(text, "Posted or held").startswith("50.0% 1 of 2")
        assert figure(text, "Refused").startswith("50.0% 1 of 2")
        assert figure(text, "Pending").startswith("1 old the oldest for 3")
        assert figure(text, "Acceptance to outcome").startswith(("40 ms", "45 ms", "42 ms"))

    def test_draws_charts_and_writes_the_same_as_tables(self, staff):
        text = staff.get("/admin/?currency=EUR").content.decode()

        assert drawn(text, "Requests accepted per hour") == {"EUR": 2, "JPY": 1}
        assert drawn(text, "Volume accepted per hour, EUR") == {"EUR": 130.0}
        assert drawn(text, "What became of them") == {"pending": 1, "posted": 1, "rejected": 1}
        assert drawn(text, "Refusals by code") == {"refused": 1}
        assert "123.45 EUR" in text or "130.00 EUR" in text
        assert "rejection_code__exact=insufficient_funds" in text

    def test_shows_a_month_by_days_and_another_currency(self, staff):
        text = staff.get("/admin/?period=month&currency=JPY").content.decode()

        assert drawn(text, "Volume accepted per day, JPY") == {"JPY": 700}
        assert 'aria-current="true">30 days' in text
        assert 'aria-current="true">JPY' in text

    @pytest.mark.parametrize("query", ["?period=x&currency=%3Cb%3E", "?period=&currency=%00"])
    def test_takes_what_it_does_not_know_for_the_default(self, staff, query):
        answer = staff.get(f"/admin/{query}")

        assert answer.status_code == 200
        assert b"<b>" not in answer.content

    def test_leads_to_lists_that_answer(self, staff):
        text = staff.get("/admin/").content.decode()
        links = set(re.findall(r'href="(/admin/[^"]*\?[^"]*)"', text))

        assert len(links) > 8
        for link in links:
            assert staff.get(html.unescape(link)).status_code == 200, link

    def test_asks_few_questions(self, staff, django_assert_max_num_queries):
        staff.get("/admin/")

        with django_assert_max_num_queries(12):
            staff.get("/admin/")

    def test_shows_nobody_what_they_may_not_list(self):
        clerk = UserFactory(is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_user"))
        client = Client()
        client.force_login(clerk)

        text = client.get("/admin/").content.decode()

        assert "Active users" in text
        assert "Requests accepted" not in text
        for title in ("Dead letters", "Consumer lag", "Forked streams"):
            assert f">{title}<" not in text


class TestEmptyHome:
    def test_says_what_to_do_next(self, staff):
        text = staff.get("/admin/").content.decode()

        assert "manage_all.sh demo" in text
        assert "Nothing in this time" in text
        assert "<canvas" not in text.partition("Sign-ups per")[0]

    def test_says_when_nobody_keeps_figures_up(self, staff):
        HourlyFolding.objects.create(folded_at=timezone.now() - timedelta(minutes=5))
        late = staff.get("/admin/").content.decode()
        tallies_fold()

        assert "is housekeeping running?" in late
        assert "is housekeeping running?</span>" not in staff.get("/admin/").content.decode()


class TestLag:
    def test_is_what_kafka_said_last(self, staff):
        for ago, lag in ((60, 7), (5, 12_345)):
            at = timezone.now() - timedelta(seconds=ago)
            ConsumerLag.objects.create(consumer="users", at=at, lag=lag, members=1)

        assert figure(staff.get("/admin/").content.decode(), "Consumer lag").startswith(
            "12,345 behind"
        )

    def test_is_unknown_when_kafka_is_away(self, staff):
        at = timezone.now() - timedelta(minutes=10)
        ConsumerLag.objects.create(consumer="users", at=at, lag=7, members=1)

        assert figure(staff.get("/admin/").content.decode(), "Consumer lag").startswith(
            "Unknown unknown no answer since"
        )


class TestManyStreams(HomeOfManyStreams):
    """Of this service."""
