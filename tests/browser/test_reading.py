"""Reading changes nothing, every link leads somewhere, and data stay text wherever they stand."""

import pytest

from tests.browser.consoles import SERVICES
from tests.browser.exporting import export_of, formulas_in
from tests.browser.parsed import look
from tests.browser.payloads import MARK, payloads
from tests.browser.planted import sendable
from tests.e2e.client import sign_up, treasury

WITH_PAYLOADS = {
    "users": "/admin/submissions/transactionrequest/export/",
    "transactions": "/admin/ledger/ledgertransaction/export/",
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", SERVICES)
class TestWalk:
    def test_changes_no_row_of_any_table(self, walks, service):
        assert walks[service].before == walks[service].after
        assert len(walks[service].before) > 15

    def test_finds_no_link_that_leads_nowhere(self, walks, service):
        assert walks[service].crawl.broken == []
        assert len(walks[service].crawl.pages) > 100

    def test_finds_data_as_text_only(self, walks, browser, service):
        page = browser.new_page()
        marks, wrong = set(), []

        for path, html in walks[service].crawl.pages.items():
            seen = look(page, html)
            marks |= seen.marks
            wrong += [f"{path}: {text}" for text in seen.wrong]
        page.close()

        assert wrong == []
        assert {payload.mark for payload in payloads()} - marks == set()

    def test_has_no_formula_in_any_export(self, walks, signed_in, planted, service):
        exports = [
            path
            for path, html in walks[service].crawl.pages.items()
            if path.endswith("/export/") and "Export CSV" in html
        ]
        tables = {path: export_of(service, signed_in[service], path) for path in exports}

        assert len(exports) > 5
        assert [cell for table in tables.values() for cell in formulas_in(table)] == []
        told = set(MARK.findall(tables[WITH_PAYLOADS[service]]))
        assert planted - told == set()

    def test_shows_payloads_to_a_browser_that_runs_none(self, walks, sit_down, service):
        at = sit_down(service)
        at.page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        showing = [path for path, html in walks[service].crawl.pages.items() if MARK.search(html)]

        for path in showing[:: max(1, len(showing) // 25)]:
            at.opens(path)
            assert look(at.page).wrong == []

        assert len(showing) > 25


class TestStatement:
    def test_has_no_cell_that_a_spreadsheet_calculates(self):
        bank, alice = treasury(), sign_up()
        texts = [payload.text[:100] for payload in payloads() if sendable(payload)]
        items = [
            {
                "kind": "deposit",
                "amount": 1,
                "currency": "EUR",
                "user": alice.id,
                "reference": text,
                "idempotency_key": f"cells-{alice.id}-{number}",
            }
            for number, text in enumerate(texts)
        ]
        answer = bank.call("POST", "/api/v1/transactions/batch", json={"items": items})
        results = answer.json()["results"]
        kept = [each["body"]["id"] for each in results if each["status"] == 202]
        bank.outcome(kept[-1])
        (wallet,) = alice.call("GET", "/api/v1/accounts").json()["data"]

        table = alice.call(
            "GET", f"/api/v1/accounts/{wallet['id']}/statement", headers={"Accept": "text/csv"}
        ).text

        assert len(kept) > 150
        assert table.count("zq") >= len(kept)
        assert formulas_in(table) == []


class TestTransactions:
    def test_show_every_payload_that_the_api_took(self, walks, planted):
        pages = walks["users"].crawl.pages
        shown = {
            mark
            for path, html in pages.items()
            if path.startswith("/admin/submissions/transactionrequest/")
            for mark in MARK.findall(html)
        }

        assert len(planted) > 150
        assert planted - shown == set()


def test_there_are_two_hundred_payloads_and_no_two_are_alike():
    texts = payloads()

    assert len(texts) >= 200
    assert len({MARK.sub("", payload.text) for payload in texts}) == len(texts)
    assert all(payload.mark in payload.text for payload in texts)
