"""What each role does in a day, through both consoles, as a browser sees it."""

import csv
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import psycopg
import pytest
from playwright.sync_api import expect
from psycopg import sql

from common.ids import uuid7
from common.staff.roles import Role
from tests.browser.consoles import SERVICES, Desk, fill_in
from tests.browser.exporting import formulas_in
from tests.browser.people import colleague, with_authenticator
from tests.browser.watched import accessibility_complaints
from tests.e2e.client import Caller, sign_up, treasury, wait_for

REQUESTS = "/admin/submissions/transactionrequest/"
PROPOSALS = "/admin/submissions/commandproposal/"
REVERSED_ABOVE = 100_000
"""What one controller gives back at most: the default of FOUR_EYES_ABOVE."""
PATIENCE_S = 60


def fund(to: Caller, amount: int) -> None:
    bank = treasury()
    bank.outcome(bank.submit(kind="deposit", amount=amount, user=to.id).json()["id"])


def transfer(amount: int) -> tuple[Caller, Caller, str]:
    """Somebody new who paid somebody else new, and the id of the payment."""
    payer, payee = sign_up(), sign_up()
    fund(payer, amount)
    paid = payer.submit(kind="transfer", amount=amount, counterparty=payee.id).json()["id"]
    assert payer.outcome(paid)["status"] == "posted"
    return payer, payee, paid


def heading(at: Desk, name: str) -> None:
    expect(at.page.get_by_role("heading", name=name, exact=True).first).to_be_visible()


def confirm(at: Desk, label: str, reason: str) -> None:
    """Say why in a dialog that is open, and press its button."""
    assert accessibility_complaints(at.page) == []
    at.page.get_by_label("Reason").fill(reason)
    at.page.locator("#content").get_by_role("button", name=label, exact=True).click()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("service", SERVICES)
def test_everybody_signs_in_with_a_code_and_finds_figures_and_charts(
    books, sit_down, person, service, role
):
    assert person(service, role).telephone is not None
    at = sit_down(service, role)

    at.opens("/admin/?period=month")

    heading(at, "The last 30 days")
    charts = at.page.locator("canvas.chart")
    expect(charts.first).to_be_visible()
    assert charts.count() >= 4
    figures = at.page.locator("section[aria-label='The last 30 days'] .text-2xl").all_inner_texts()
    assert len(figures) >= 7
    assert any(text[0] in "123456789" for text in figures)
    may_read_topics = role in {Role.OPERATOR, Role.AUDITOR}
    assert ("/admin/outbox/outboxmessage/topics/" in at.sidebar()) == may_read_topics
    assert accessibility_complaints(at.page) == []


class TestSupport:
    def test_finds_a_transaction_by_control_k(self, books, sit_down):
        at = sit_down("users", "support")
        at.opens("/admin/")

        at.page.keyboard.press("Control+k")
        at.page.locator("#search-input-command").press_sequentially("INV-2026-0417")
        found = at.page.locator("#command-results-list a").first
        expect(found).to_contain_text(books.paid)
        at.page.keyboard.press("ArrowDown")
        found.click()

        expect(at.page).to_have_url(re.compile(f"{REQUESTS}{books.paid}/change/"))

    def test_reads_the_road_of_a_transaction_in_both_consoles(self, books, sit_down, person):
        at = sit_down("users", "support")
        at.opens(REQUESTS)
        search = at.page.locator("#searchbar")
        search.fill("INV-2026-0417")
        search.press("Enter")
        at.page.get_by_role("link", name=books.paid).first.click()

        heading(at, "Timeline")
        here = at.page.locator(".timeline-chapter").first.locator(".timeline-title")
        assert here.all_inner_texts() == [
            *("Accepted", "Stored", "Published", "Consumed by the ledger", "Decided"),
            *("Announced", "Settled"),
        ]
        assert accessibility_complaints(at.page) == []

        at.page.get_by_role("link", name="See it in the console of transactions").click()
        fill_in(at, person("transactions", "support"))

        expect(at.page).to_have_url(re.compile(f"/admin/ledger/ledgertransaction/{books.paid}/"))
        heading(at, "Timeline")
        there = at.page.locator(".timeline-chapter").first.locator(".timeline-title")
        assert there.all_inner_texts() == [
            *("Accepted", "Published", "Consumed by the ledger", "Decided", "Announced")
        ]
        expect(at.page.get_by_text("balances", exact=True).first).to_be_visible()
        assert accessibility_complaints(at.page) == []

        at.page.get_by_role("link", name="See it in the console of users").click()
        expect(at.page).to_have_url(re.compile(f"{REQUESTS}{books.paid}/change/"))

    def test_is_offered_nothing_that_changes_something(self, books, sit_down):
        at = sit_down("users", "support")

        at.opens(f"{REQUESTS}{books.paid}/change/")
        assert at.page.locator("a[href$='/reverse/']").count() == 0
        answer = at.page.goto(f"{REQUESTS}{books.paid}/reverse/")

        assert answer is not None
        assert answer.status == HTTPStatus.FORBIDDEN
        assert all("403" in text for text in at.watch.forget())


class TestController:
    def test_suspends_somebody_whose_next_request_is_refused(self, sit_down):
        somebody = sign_up()
        fund(somebody, 500)
        at = sit_down("users", "controller")
        at.opens(f"/admin/identity/user/{somebody.id}/change/")

        at.page.get_by_role("link", name="Suspend").click()
        heading(at, "What will happen")
        confirm(at, "Suspend", "a stolen telephone")

        expect(at.page.get_by_text("is suspended.")).to_be_visible()
        answer = somebody.submit(kind="withdrawal", amount=100)
        assert (answer.status_code, answer.json()["code"]) == (403, "account_not_active")
        at.opens(f"/admin/staff/staffaction/?q={somebody.id}")
        expect(at.page.get_by_text("a stolen telephone")).to_be_visible()
        expect(at.page.get_by_text("user.suspend").first).to_be_visible()

    def test_needs_a_colleague_for_a_large_reversal(self, sit_down, sign_in_as):
        payer, payee, paid = transfer(REVERSED_ABOVE + 1)
        first = sit_down("users", "controller")
        first.opens(f"{REQUESTS}{paid}/change/")

        first.page.get_by_role("link", name="Reverse").click()
        confirm(first, "Reverse", "paid to the wrong person")

        expect(first.page.get_by_text("waits for the approval of a colleague")).to_be_visible()
        assert payer.call("GET", f"/api/v1/transactions/{paid}").json()["status"] == "posted"
        first.opens(f"{PROPOSALS}?q={paid}")
        first.page.locator("#result_list a[href*='/change/']").first.click()
        expect(first.page.get_by_role("link", name="Withdraw")).to_be_visible()
        assert first.page.locator("a[href$='/approve/']").count() == 0
        proposal = first.page.url
        first.opens(proposal.replace("/change/", "/approve/"))
        confirm(first, "Approve", "I trust myself")
        expect(first.page.get_by_role("alert").first).to_be_visible()
        assert payer.call("GET", f"/api/v1/transactions/{paid}").json()["status"] == "posted"

        second = sign_in_as(with_authenticator(colleague(f"frida-{uuid7()}", "controller")))
        second.opens(proposal)
        second.page.get_by_role("link", name="Approve").click()
        confirm(second, "Approve", "the payee agrees")

        expect(second.page.get_by_text("Approved; the ledger is asked")).to_be_visible()
        wait_for(
            "the reversal",
            lambda: payer.balance() == REVERSED_ABOVE + 1 or None,
            deadline_s=PATIENCE_S,
        )
        assert payee.balance() == 0


@contextmanager
def broken_for(stream: str) -> Iterator[None]:
    """The ledger's database refuses whatever one user does, until it is mended."""
    name = sql.Identifier(f"broken_{stream.replace('-', '')}")
    url = os.environ["TRANSACTIONS_MIGRATION_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL(
                "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE 'the disk of the archive is full'; END $$"
            ).format(name)
        )
        connection.execute(
            sql.SQL(
                "CREATE TRIGGER {0} BEFORE INSERT ON ledger_transaction FOR EACH ROW"
                " WHEN (NEW.stream = {1}) EXECUTE FUNCTION {0}()"
            ).format(name, sql.Literal(stream))
        )
        try:
            yield
        finally:
            connection.execute(sql.SQL("DROP TRIGGER {} ON ledger_transaction").format(name))
            connection.execute(sql.SQL("DROP FUNCTION {}()").format(name))


def letter_of(stream: str) -> int | None:
    with psycopg.connect(os.environ["TRANSACTIONS_MIGRATION_DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT id FROM inbox_waiting WHERE stream = %s AND state = 'dead'", [stream]
        ).fetchone()
        return int(row[0]) if row else None


class TestOperator:
    def test_replays_a_dead_letter_once_its_cause_is_mended(self, sit_down):
        somebody = sign_up()
        fund(somebody, 500)
        at = sit_down("transactions", "operator")

        with broken_for(somebody.id):
            asked = somebody.submit(kind="withdrawal", amount=200).json()["id"]
            letter = wait_for(
                "a dead letter", lambda: letter_of(somebody.id), deadline_s=PATIENCE_S
            )
            at.opens("/admin/inbox/inboxwaiting/causes/")
            at.page.get_by_role("link", name="the disk of the archive is full").first.click()
            heading(at, "Letters, newest first")
            assert accessibility_complaints(at.page) == []
            at.opens(f"/admin/inbox/inboxwaiting/{letter}/change/")
            at.page.get_by_role("link", name="Replay…").click()
            at.page.get_by_label("Reason").fill("what came of the mend?")
            at.page.get_by_role("button", name="Dry run").click()
            expect(at.page.get_by_text("some would fail")).to_be_visible()
        at.page.get_by_role("button", name="Dry run").click()
        expect(at.page.get_by_text("all would work")).to_be_visible()
        confirm(at, "Replay 1 letter", "the archive has room again")

        expect(at.page).to_have_url(re.compile(r"/causes/runs/\d+/"))
        expect(at.page.get_by_text("done", exact=True)).to_be_visible()
        assert accessibility_complaints(at.page) == []
        assert somebody.outcome(asked)["status"] == "posted"
        assert somebody.balance() == 300


class TestAuditor:
    def test_takes_a_list_along_as_a_file_in_the_dark(self, books, sit_down):
        at = sit_down("transactions", "auditor", color_scheme="dark", accept_downloads=True)
        at.opens("/admin/ledger/ledgertransaction/?state=rejected")
        expect(at.page.locator("html")).to_have_class(re.compile("dark"))

        at.page.get_by_role("link", name="Export CSV").click()
        heading(at, "What the file will have")
        assert accessibility_complaints(at.page) == []
        at.page.get_by_label("Reason").fill("the yearly audit")
        with at.page.expect_download() as saved:
            at.page.get_by_role("button", name="Export CSV").click()

        table = saved.value.path().read_text()
        rows = list(csv.DictReader(table.splitlines()))
        assert books.refused in {row["id"] for row in rows}
        assert {row["state"] for row in rows} == {"rejected"}
        assert formulas_in(table) == []
        at.opens("/admin/staff/staffaction/?q=list.export")
        expect(at.page.get_by_text("the yearly audit").first).to_be_visible()
        assert accessibility_complaints(at.page) == []
