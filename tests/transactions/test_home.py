"""The home page of the transactions console."""

import html
import re

import pytest
from django.test import Client

from common.hourly.folding import tallies_fold
from tests.common.home_pages import HomeOfManyStreams, drawn, figure
from tests.factories.commands import CaptureFactory, TransferFactory
from tests.factories.events import ALICE
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from transactions.ledger.models import Account, LedgerCheckResult

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff():
    client = Client()
    client.force_login(StaffFactory())
    return client


@pytest.fixture
def books():
    """A deposit, a transfer, a hold that is captured in part, and a refusal."""
    fund(ALICE, 100_000)
    hold = TransferFactory(held=True, amount=500)
    apply(TransferFactory(amount=250), hold, TransferFactory(amount=10**9))
    apply(CaptureFactory(transaction_id=hold.transaction_id, amount=200))
    tallies_fold()


@pytest.mark.usefixtures("books")
class TestHome:
    def test_tells_figures(self, staff):
        text = staff.get("/admin/").content.decode()

        assert figure(text, "Transactions recorded").startswith("4 in 24 hours")
        assert figure(text, "Posted").startswith("75.0% 3 of 4")
        assert figure(text, "Commands applied").startswith("1 capture 1")
        assert figure(text, "Open accounts").startswith("3")

    def test_draws_what_moved(self, staff):
        text = staff.get("/admin/").content.decode()

        assert drawn(text, "Transactions recorded per hour") == {"EUR": 4}
        assert drawn(text, "Volume moved per hour, EUR") == {"EUR": 1004.5}
        assert drawn(text, "Refusals by code") == {"refused": 1}

    def test_says_whether_the_books_are_right(self, staff):
        LedgerCheckResult.objects.create(name="ledger", at="2026-01-02T12:00:00Z", ok=False)
        Account.objects.filter(owner=ALICE).update(status="frozen")
        tallies_fold()

        text = staff.get("/admin/").content.decode()

        assert figure(text, "Balances and postings").startswith("Wrong wrong")
        assert figure(text, "Chain of seals").startswith("Not checked")
        assert figure(text, "Frozen accounts").startswith("1 frozen")

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


class TestEmptyHome:
    def test_says_what_to_do_next(self, staff):
        text = staff.get("/admin/").content.decode()

        assert "manage_all.sh demo" in text
        assert "<canvas" not in text


class TestManyStreams(HomeOfManyStreams):
    """Of this service."""
