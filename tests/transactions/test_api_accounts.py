"""Balances over HTTP, now and as of any moment."""

import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from common.ids import uuid7
from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    TransferFactory,
    VoidFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund
from tests.transactions.problems import assert_problem
from tests.transactions.test_parallel import apply_with_retry, in_parallel
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db

CAROL = uuid7()
TICK = timedelta(microseconds=1)


def recorded_at(command):
    return LedgerTransaction.objects.get(pk=command.recorded_as).recorded_at


class TestAccountList:
    def test_shows_own_wallets_with_balances(self, get):
        fund(ALICE, 1_000)
        payment = TransferFactory(amount=250)
        apply(payment)

        body = get(ALICE, "/api/v1/accounts").json()

        (shown,) = body["data"]
        wallet = Account.objects.get(owner=ALICE)
        assert datetime.fromisoformat(shown.pop("as_of")) == recorded_at(payment)
        assert shown == {
            "id": str(wallet.id),
            "owner": str(ALICE),
            "currency": "EUR",
            "status": "open",
            "balance": {"posted": 750, "pending": 0, "available": 750},
        }
        assert (body["has_more"], body["next_cursor"]) == (False, None)

    def test_is_as_of_the_opening_where_nothing_was_posted(self, get):
        apply(WithdrawalFactory())

        (shown,) = get(ALICE, "/api/v1/accounts").json()["data"]

        assert shown["balance"]["posted"] == 0
        opened_at = Account.objects.get(owner=ALICE).opened_at
        assert datetime.fromisoformat(shown["as_of"]) == opened_at

    def test_pages_through_wallets_newest_first(self, get):
        for currency in ("EUR", "JPY", "KWD"):
            fund(ALICE, 5, currency)

        first = get(ALICE, "/api/v1/accounts", limit=2).json()
        rest = get(ALICE, "/api/v1/accounts", limit=2, cursor=first["next_cursor"]).json()

        assert [one["currency"] for one in first["data"]] == ["KWD", "JPY"]
        assert [one["currency"] for one in rest["data"]] == ["EUR"]
        assert (first["has_more"], rest["has_more"]) == (True, False)

    def test_is_empty_for_who_never_used_money(self, get):
        assert get(CAROL, "/api/v1/accounts").json()["data"] == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"owner": str(BOB)}, "owner"),
            ({"limit": "0"}, "limit"),
            ({"limit": "101"}, "limit"),
            ({"limit": "1000"}, "limit"),
            ({"limit": "\u0661"}, "limit"),
            ({"limit": ["1", "2"]}, "limit"),
            ({"cursor": "not one of ours"}, "cursor"),
            ({"as_of": ""}, "as_of"),
            ({"as_of": "yesterday"}, "as_of"),
            ({"as_of": "2026-01-01"}, "as_of"),
            ({"as_of": "2026-01-01T00:00:00"}, "as_of"),
            ({"as_of": "2026-02-30T00:00:00Z"}, "as_of"),
            ({"as_of": "1767355200"}, "as_of"),
            ({"as_of": "9999-12-31T23:59:59Z"}, "as_of"),
            ({"as_of": "9999-12-31T23:59:59-23:59"}, "as_of"),
        ],
    )
    def test_refuses_a_query_that_it_does_not_understand(self, get, query, field):
        problem = assert_problem(get(ALICE, "/api/v1/accounts", **query), 400, "invalid")

        assert [error["field"] for error in problem["errors"]] == [field]

    def test_holds_back_a_hold(self, get):
        fund(ALICE, 1_000)
        apply(TransferFactory(held=True, amount=400))

        shown = get(ALICE, "/api/v1/accounts").json()["data"][0]

        assert shown["balance"] == {"posted": 1_000, "pending": 400, "available": 600}

    def test_lists_as_of_a_moment_what_was_open_then(self, get):
        fund(ALICE, 1_000)
        payment = TransferFactory(amount=250)
        apply(payment)
        fund(ALICE, 5, "JPY")
        moment = recorded_at(payment).isoformat()

        body = get(ALICE, "/api/v1/accounts", as_of=moment).json()

        (shown,) = body["data"]
        assert (shown["currency"], shown["balance"]["posted"]) == ("EUR", 750)
        assert datetime.fromisoformat(shown["as_of"]) == recorded_at(payment)


class TestAccount:
    def test_shows_one_wallet(self, get):
        fund(ALICE, 1_000)
        wallet = Account.objects.get(owner=ALICE)

        body = get(ALICE, f"/api/v1/accounts/{wallet.id}").json()

        assert (body["id"], body["balance"]["available"]) == (str(wallet.id), 1_000)

    def test_answers_for_others_as_if_it_did_not_exist(self, get):
        fund(ALICE, 1_000)
        wallet = Account.objects.get(owner=ALICE)
        house = Account.objects.get(role="cash_clearing")
        now = datetime.now(UTC) - timedelta(seconds=1)

        answers = [
            get(BOB, f"/api/v1/accounts/{account_id}", **query)
            for account_id in (wallet.id, house.id, uuid7())
            for query in ({}, {"as_of": now.isoformat()})
        ]

        problems = [assert_problem(answer, 404, "not_found") for answer in answers]
        for problem in problems:
            del problem["request_id"], problem["instance"]
        assert all(problem == problems[0] for problem in problems)

    def test_refuses_a_parameter_it_does_not_know(self, get):
        for query in ({"limit": "1"}, {"as_of": "now"}):
            assert_problem(get(ALICE, f"/api/v1/accounts/{uuid7()}", **query), 400, "invalid")

    def test_knows_no_account_by_a_malformed_id(self, get):
        assert_problem(get(ALICE, "/api/v1/accounts/1"), 404, "not_found")


class TestAsOf:
    def read(self, get, moment):
        wallet = Account.objects.get(owner=ALICE)
        return get(ALICE, f"/api/v1/accounts/{wallet.id}", as_of=moment.isoformat())

    def posted(self, get, moment):
        body = self.read(get, moment).json()
        assert datetime.fromisoformat(body["as_of"]) == moment
        return body["balance"]["posted"]

    def test_has_what_was_recorded_up_to_that_moment_and_nothing_later(self, get):
        deposit = DepositFactory(amount=1_000)
        apply(deposit)
        payments = [TransferFactory(amount=250), WithdrawalFactory(amount=1)]
        apply(*payments)
        first, second = recorded_at(deposit), recorded_at(payments[0])

        moments = [first - TICK, first, second - TICK, second, second + TICK]

        assert [self.posted(get, moment) for moment in moments] == [0, 1_000, 1_000, 749, 749]

    def test_has_the_holds_of_that_moment(self, get):
        captured, voided = TransferFactory(held=True, amount=400), TransferFactory(held=True)
        steps = [
            DepositFactory(amount=1_000),
            captured,
            CaptureFactory(transaction_id=captured.transaction_id, amount=150),
            voided,
            VoidFactory(transaction_id=voided.transaction_id),
        ]
        for step in steps:
            apply(step)

        shown = [self.read(get, recorded_at(step)).json()["balance"] for step in steps]

        assert [balance["posted"] for balance in shown] == [1_000, 1_000, 850, 850, 850]
        assert [balance["pending"] for balance in shown] == [0, 400, 0, 250, 0]
        assert [balance["available"] for balance in shown] == [1_000, 600, 850, 600, 850]

    def test_knows_no_wallet_before_it_was_opened(self, get):
        fund(ALICE, 1_000)
        opened_at = Account.objects.get(owner=ALICE).opened_at

        before, then = self.read(get, opened_at - TICK), self.read(get, opened_at)

        assert_problem(before, 404, "not_found")
        assert then.json()["balance"] == {"posted": 0, "pending": 0, "available": 0}

    def test_takes_any_zone(self, get):
        deposit = DepositFactory(amount=1_000)
        apply(deposit)
        moment = recorded_at(deposit).astimezone(tz=datetime.strptime("+0530", "%z").tzinfo)

        assert self.posted(get, moment) == 1_000

    def test_refuses_the_future_by_the_database_clock(self, get):
        fund(ALICE, 1_000)

        answer = self.read(get, datetime.now(UTC) + timedelta(seconds=30))

        problem = assert_problem(answer, 400, "invalid")
        assert [error["field"] for error in problem["errors"]] == ["as_of"]

    def test_takes_what_a_reader_saw_although_the_clock_was_set_back(self, get):
        fund(ALICE, 1_000)
        ahead = datetime.now(UTC) + timedelta(hours=1)
        Account.objects.filter(owner=ALICE).update(last_recorded_at=ahead)

        seen = get(ALICE, "/api/v1/accounts").json()["data"][0]

        assert self.posted(get, datetime.fromisoformat(seen["as_of"])) == 1_000


@pytest.mark.django_db(transaction=True)
class TestAsOfWhilePosting:
    def test_gives_again_what_was_seen_live_at_a_hundred_moments(self, get):
        owners = [uuid7() for _ in range(30)]
        apply(*[DepositFactory(owner=owner, amount=10_000) for owner in owners])
        seen, enough = [], threading.Event()

        def trade():
            while not enough.is_set():
                pairs = [random.sample(owners, 2) for _ in range(10)]
                apply_with_retry([TransferFactory(payer=a, receiver=b, amount=7) for a, b in pairs])

        def sample():
            try:
                while len({one["as_of"] for _, one in seen}) < 100:
                    (owner,) = random.sample(owners, 1)
                    seen.append((owner, get(owner, "/api/v1/accounts").json()["data"][0]))
            finally:
                enough.set()

        in_parallel(sample, trade, trade, trade)

        again = [
            (owner, get(owner, f"/api/v1/accounts/{one['id']}", as_of=one["as_of"]).json())
            for owner, one in seen
        ]
        assert again == seen
