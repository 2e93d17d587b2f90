"""Statements over HTTP, as pages and as CSV."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from common.ids import uuid7
from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    ReverseFactory,
    TransferFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB, NOON
from tests.transactions.books import apply, fund
from tests.transactions.problems import assert_problem
from tests.transactions.tokens import token_for
from transactions.ledger import statements
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)


def path(owner=ALICE):
    return f"/api/v1/accounts/{Account.objects.get(owner=owner).id}/statement"


def recorded_at(command):
    return LedgerTransaction.objects.get(pk=command.transaction_id).recorded_at


def amounts(body):
    return [line["amount"] for line in body["lines"]]


def balances(body):
    return body["opening_balance"], body["closing_balance"]


@pytest.fixture
def moved():
    """Five batches of one line of Alice's each: +1000 -250 -100 +40 -1."""
    commands = [
        DepositFactory(amount=1_000),
        TransferFactory(amount=250, reference="lunch"),
        WithdrawalFactory(amount=100),
        TransferFactory(payer=BOB, receiver=ALICE, amount=40),
        WithdrawalFactory(amount=1),
    ]
    for command in commands:
        apply(command)
    return commands


@pytest.fixture
def table(jwks, signing_key):
    """Ask for CSV as somebody: `table(ALICE, path())`."""

    def call(user_id, address, accept="text/csv", **query):
        token = token_for(user_id, signing_key)
        headers = {"Authorization": f"Bearer {token}", "Accept": accept}
        return Client().get(address, query, headers=headers)

    return call


class TestStatement:
    def test_has_every_line_with_its_running_balance(self, get, moved):
        body = get(ALICE, path()).json()

        wallet = Account.objects.get(owner=ALICE)
        assert (body["account"], body["currency"]) == (str(wallet.id), "EUR")
        assert (body["from"], body["to"], body["next_cursor"]) == (None, None, None)
        assert amounts(body) == [1_000, -250, -100, 40, -1]
        assert [line["balance_after"] for line in body["lines"]] == [1_000, 750, 650, 690, 689]
        assert (*balances(body), body["has_more"]) == (0, 689, False)
        line = body["lines"][1]
        assert datetime.fromisoformat(line.pop("recorded_at")) == recorded_at(moved[1])
        assert datetime.fromisoformat(line.pop("effective_at")) == NOON
        assert line == {
            "transaction_id": str(moved[1].transaction_id),
            "kind": "transfer",
            "amount": -250,
            "balance_after": 750,
            "reference": "lunch",
        }

    @pytest.mark.usefixtures("moved")
    def test_shows_the_payers_reference_to_the_receiver(self, get):
        body = get(BOB, path(BOB)).json()

        assert [line["reference"] for line in body["lines"]] == ["lunch", None]
        assert amounts(body) == [250, -40]

    def test_has_what_commands_moved_under_the_reference_of_the_original(self, get):
        fund(ALICE, 1_000)
        held = TransferFactory(held=True, amount=400, reference="hotel")
        commands = [
            held,
            CaptureFactory(transaction_id=held.transaction_id, amount=150),
            ReverseFactory(transaction_id=held.transaction_id, amount=50),
        ]
        for command in commands:
            apply(command)

        payer, receiver = get(ALICE, path()).json(), get(BOB, path(BOB)).json()

        assert [
            (line["kind"], line["amount"], line["reference"], line["transaction_id"])
            for line in payer["lines"][1:]
        ] == [
            ("capture", -150, "hotel", str(commands[1].command_id)),
            ("reversal", 50, "hotel", str(commands[2].command_id)),
        ]
        assert balances(payer) == (0, 900)
        assert amounts(receiver) == [150, -50]

    @pytest.mark.usefixtures("moved")
    def test_pages_through_without_gap_or_overlap(self, get):
        pages, query = [], {"limit": 2}
        while True:
            pages.append(get(ALICE, path(), **query).json())
            if not pages[-1]["has_more"]:
                break
            query["cursor"] = pages[-1]["next_cursor"]

        assert [amounts(page) for page in pages] == [[1_000, -250], [-100, 40], [-1]]
        assert [balances(page) for page in pages] == [(0, 750), (750, 690), (690, 689)]

    def test_keeps_the_order_of_lines_that_were_recorded_together(self, get):
        apply(
            DepositFactory(amount=100),
            *[WithdrawalFactory(amount=amount) for amount in (1, 2, 3)],
            TransferFactory(amount=4),
        )

        first = get(ALICE, path(), limit=3).json()
        rest = get(ALICE, path(), limit=3, cursor=first["next_cursor"]).json()

        assert amounts(first) + amounts(rest) == [100, -1, -2, -3, -4]
        assert len({line["recorded_at"] for line in first["lines"] + rest["lines"]}) == 1

    def test_goes_from_a_moment_on_and_ends_before_another(self, get, moved):
        second, fourth = recorded_at(moved[1]), recorded_at(moved[3])

        def ask(start, end):
            bounds = {"from": start.isoformat(), "to": end.isoformat()}
            body = get(ALICE, path(), **bounds).json()
            assert (body["from"], body["to"]) == tuple(
                bound.replace("+00:00", "Z") for bound in bounds.values()
            )
            return amounts(body), balances(body)

        assert ask(second, fourth) == ([-250, -100], (1_000, 650))
        assert ask(second + TICK, fourth + TICK) == ([-100, 40], (750, 690))

    def test_is_empty_where_nothing_moved(self, get, moved):
        at = recorded_at(moved[1])
        later = recorded_at(moved[-1]) + timedelta(days=1)

        def ask(**query):
            return get(ALICE, path(), **query).json()

        empty = ask(**{"from": at.isoformat(), "to": at.isoformat()})
        before = ask(to="2000-01-01T00:00:00Z")
        after = ask(**{"from": later.isoformat()})

        assert empty["lines"] == before["lines"] == after["lines"] == []
        assert [balances(body) for body in (empty, before, after)] == [
            (1_000, 1_000),
            (0, 0),
            (689, 689),
        ]

    @pytest.mark.usefixtures("moved")
    def test_closes_at_the_balance_that_the_account_shows(self, get):
        shown = get(ALICE, "/api/v1/accounts").json()["data"][0]

        assert get(ALICE, path()).json()["closing_balance"] == shown["balance"]["posted"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"as_of": "2026-01-01T00:00:00Z"}, "as_of"),
            ({"from": "2026-01-01"}, "from"),
            ({"from": "2026-01-01T00:00:00"}, "from"),
            ({"to": "tomorrow"}, "to"),
            ({"to": ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]}, "to"),
            ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
            ({"limit": "0"}, "limit"),
            ({"limit": "101"}, "limit"),
            ({"cursor": "not one of ours"}, "cursor"),
            ({"cursor": "AAAA"}, "cursor"),
            ({"cursor": "f" * 21 + "Q"}, "cursor"),
            ({"cursor": "\u00e9"}, "cursor"),
            ({"format": "csv"}, "format"),
            ({"format": "xml"}, "format"),
        ],
    )
    def test_refuses_a_query_that_it_does_not_understand(self, get, query, field):
        fund(ALICE, 1)

        problem = assert_problem(get(ALICE, path(), **query), 400, "invalid")

        assert [error["field"] for error in problem["errors"]] == [field]

    def test_answers_for_others_as_if_it_did_not_exist(self, get):
        fund(ALICE, 1_000)
        house = Account.objects.get(role="cash_clearing").id

        for address in (path(), *(f"/api/v1/accounts/{one}/statement" for one in (house, uuid7()))):
            assert_problem(get(BOB, address), 404, "not_found")

    def test_reads_with_a_fixed_number_of_statements(self, get, django_assert_max_num_queries):
        fund(ALICE, 1_000)
        apply(*[WithdrawalFactory(amount=1) for _ in range(50)])
        address = path()

        with django_assert_max_num_queries(2):
            get(ALICE, address, limit=100)


class TestCsv:
    def rows(self, response):
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(response.getvalue().decode(), newline="")))

    @pytest.mark.usefixtures("moved")
    def test_has_the_lines_of_the_pages(self, get, table):
        response = table(ALICE, path())

        wallet = Account.objects.get(owner=ALICE)
        assert response.streaming
        assert response.headers["Content-Disposition"] == (
            f'attachment; filename="statement-EUR-{wallet.id}.csv"'
        )
        rows = self.rows(response)
        lines = get(ALICE, path()).json()["lines"]
        assert [row.pop("currency") for row in rows] == ["EUR"] * 5
        for row, line in zip(rows, lines, strict=True):
            for name in ("recorded_at", "effective_at"):
                assert datetime.fromisoformat(row.pop(name)) == datetime.fromisoformat(
                    line.pop(name)
                )
            shown = {name: "" if value is None else str(value) for name, value in line.items()}
            assert row == shown

    def test_keeps_to_the_period(self, table, moved):
        bounds = {
            "from": recorded_at(moved[1]).isoformat(),
            "to": recorded_at(moved[3]).isoformat(),
        }

        assert [row["amount"] for row in self.rows(table(ALICE, path(), **bounds))] == [
            "-250",
            "-100",
        ]

    @pytest.mark.usefixtures("moved")
    def test_is_a_header_alone_where_nothing_moved(self, table):
        answer = table(ALICE, path(), to="2000-01-01T00:00:00Z")

        assert answer.getvalue() == (
            b"transaction_id,kind,amount,currency,balance_after,reference,recorded_at,effective_at\r\n"
        )

    def test_has_more_lines_than_are_read_at_once(self, table, monkeypatch):
        monkeypatch.setattr(statements, "_LINES_AT_ONCE", 7)
        fund(ALICE, 1_000)
        for size in (10, 11):
            apply(*[WithdrawalFactory(amount=1) for _ in range(size)])

        rows = self.rows(table(ALICE, path()))

        assert [int(row["balance_after"]) for row in rows] == list(range(1_000, 978, -1))

    def test_ends_with_what_was_recorded_when_it_was_asked_for(self, table):
        fund(ALICE, 1_000)
        response = table(ALICE, path())
        apply(WithdrawalFactory(amount=1))

        assert [row["amount"] for row in self.rows(response)] == ["1000"]

    @pytest.mark.django_db(transaction=True)
    def test_keeps_no_connection_while_somebody_reads_slowly(self, table, monkeypatch):
        monkeypatch.setattr(statements, "_LINES_AT_ONCE", 1)
        apply(DepositFactory(amount=5), DepositFactory(amount=6))

        pieces = iter(table(ALICE, path()))

        kept = [connection.connection is not None for _ in pieces]
        assert kept == [False, False, False, False]

    @pytest.mark.parametrize(
        "reference",
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=cmd|" /C calc"!A0'],
    )
    def test_gives_a_spreadsheet_nothing_to_calculate(self, table, reference):
        apply(DepositFactory(amount=5, reference=reference))

        (row,) = self.rows(table(ALICE, path()))

        assert row["reference"] == f"'{reference}"

    @pytest.mark.parametrize("reference", ["lunch", 'a,"b";c', "two\nlines", "1=1", "çé漢", "'x"])
    def test_leaves_other_text_as_it_is(self, table, reference):
        apply(DepositFactory(amount=5, reference=reference))

        (row,) = self.rows(table(ALICE, path()))

        assert (row["reference"], row["amount"]) == (reference, "5")

    @pytest.mark.parametrize("query", [{"limit": "5"}, {"cursor": "AAAA"}, {"format": "csv"}])
    def test_has_no_pages(self, table, query):
        fund(ALICE, 5)

        problem = assert_problem(table(ALICE, path(), **query), 400, "invalid")

        assert [error["field"] for error in problem["errors"]] == list(query)

    def test_answers_for_others_as_if_it_did_not_exist(self, table):
        fund(ALICE, 5)

        assert_problem(table(BOB, path()), 404, "not_found")

    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            ("*/*", "application/json"),
            ("application/json, text/csv", "application/json"),
            ("text/*", "text/csv; charset=utf-8"),
            ("text/html", "application/problem+json"),
        ],
    )
    def test_comes_only_to_who_asks_for_it(self, table, accept, content_type):
        fund(ALICE, 5)

        answer = table(ALICE, path(), accept=accept)

        assert answer.headers["Content-Type"] == content_type
        assert "Accept" in answer.headers["Vary"]
