"""Lists of the transactions console: found by index, summed up, exported."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.demo_history.scale import Scale
from common.ids import uuid7
from common.staff.filters import values_present
from common.staff.models import StaffAction
from tests.console_pages import bare_times, details, filtered, lists, tables_scanned, visit
from tests.factories.commands import TransferFactory
from tests.factories.events import ALICE, BOB
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from transactions.demo_history import LedgerPast
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db

LEDGER = "/admin/ledger/"
QUERIES_MAX = 12
LARGE = {
    *("ledger_transaction", "ledger_posting", "ledger_journal_entry", "ledger_account"),
    *("ledger_user_replica", "outbox_message", "staff_action"),
}


@pytest.fixture
def console(db):
    client = Client()
    client.force_login(StaffFactory())
    return client


@pytest.fixture
def paid():
    fund(ALICE, 100_000)
    command = TransferFactory(amount=1_250, reference="INV-2026-7")
    apply(command, TransferFactory(amount=999_999))
    return command


def ids_of(response):
    return {row.pk for row in response.context["cl"].result_list}


class TestAddresses:
    @pytest.mark.parametrize(
        "query",
        [
            "auth/user/?password__startswith=argon2",
            "auth/user/?email__gte=a",
            "ledger/account/?credits_posted__gt=1",
            "ledger/ledgertransaction/?reference__contains=a",
            "ledger/ledgertransaction/?state__exact=%00",
        ],
    )
    def test_cannot_ask_what_no_filter_offers(self, console, query):
        assert console.get(f"/admin/{query}").status_code == 400


class TestLists:
    def test_find_transactions_by_reference_user_and_id(self, console, paid):
        page = f"{LEDGER}ledgertransaction/"

        for term in (str(paid.transaction_id), "INV-2026-7", "INV-2"):
            assert ids_of(console.get(page, {"q": term})) == {paid.transaction_id}
        assert paid.transaction_id in ids_of(console.get(page, {"q": str(ALICE)}))

    @pytest.mark.usefixtures("paid")
    def test_find_postings_and_entries_by_number(self, console):
        for page in ("posting", "journalentry"):
            first = next(iter(ids_of(console.get(f"{LEDGER}{page}/"))))
            assert ids_of(console.get(f"{LEDGER}{page}/", {"q": str(first)})) == {first}

    def test_sum_the_selection_up(self, console, paid):
        content = console.get(
            f"{LEDGER}ledgertransaction/", {"currency": "EUR", "amount_to": "12.50"}
        ).content.decode()

        assert "12.50 EUR" in content
        assert "All 1 rows of this selection" in content
        assert str(paid.transaction_id) in content

    @pytest.mark.usefixtures("paid")
    def test_sum_up_what_wallets_have_without_the_house(self, console):
        fund(ALICE, 700, "JPY")

        content = console.get(f"{LEDGER}account/").content.decode()

        totals = content.partition("of this selection")[0]
        assert "2 in EUR" in totals
        assert "1,000.00 EUR" in totals
        assert "700 JPY" in totals

    @pytest.mark.usefixtures("paid")
    def test_are_exported_for_a_reason(self, console):
        response = console.post(f"{LEDGER}posting/export/", {"reason": "A question of the auditor"})

        text = b"".join(response.streaming_content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["account__currency"] for row in rows} == {"EUR"}
        assert {row["amount"] for row in rows} == {"100000", "1250"}
        assert StaffAction.objects.get().target_type == "ledger.posting"

    @pytest.mark.usefixtures("paid")
    def test_are_searched_by_ctrl_k(self, console):
        wallet = Account.objects.get(owner=BOB)

        for term in (str(wallet.id), str(BOB)):
            page = console.get(reverse("admin:search"), {"s": term, "extended": "1"})
            link = reverse("admin:ledger_account_change", args=[wallet.id])
            assert link in page.content.decode()


class TestChoices:
    @pytest.mark.usefixtures("paid")
    def test_of_a_filter_are_asked_of_its_index(self):
        field = LedgerTransaction._meta.get_field("rejection_code")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

        with CaptureQueriesContext(connection) as asked:
            found = values_present(LedgerTransaction, field)

        assert found == ["insufficient_funds"]
        with connection.cursor() as cursor:
            # Unless it is run, the plan does not tell of the query for the next one.
            cursor.execute(f"EXPLAIN (ANALYZE) {asked[0]['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert plan.count("using ledger_transaction_by_code") == 2, plan


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
class TestAtScale:
    """With a past, which has rows of every kind; the plans are those without reading a table."""

    def test_asks_little_and_reads_no_table(self):
        past = Scale(200, 40, 8, datetime(2026, 3, 1, tzinfo=UTC))
        LedgerPast(past, keep_from=past.begins_at).write(on_steps=lambda _: None)
        assert LedgerTransaction.objects.exists()
        client = Client()
        client.force_login(StaffFactory())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            # Small tables are read whole; it is to be seen whether they must be.
            cursor.execute("SET enable_seqscan = off")
        seen: set[str] = set()
        try:
            for address in lists():
                plain = visit(client, address)
                pages = [*filtered(plain), *details(plain), f"{address}?q={uuid7()}"]
                pages += [f"{address}?q=INV-00", f"{address}?p=last"]
                for page in [plain, *(visit(client, one) for one in pages)]:
                    assert page.status == 200, page.address
                    assert len(page.queries) <= QUERIES_MAX, (page.address, page.queries)
                    assert tables_scanned(page.queries, LARGE, seen) == set(), page.address
                    assert bare_times(page.content) == [], page.address
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET enable_seqscan")
