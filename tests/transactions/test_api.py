from datetime import UTC, datetime

import pytest

from common.ids import uuid7
from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    DepositFactory,
    ReverseFactory,
    SourceFactory,
    TransferFactory,
    VoidFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db

CAROL = uuid7()


def assert_problem(response, status, code):
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"]
    return problem


class TestAccountList:
    def test_shows_own_wallets_with_balances(self, get):
        fund(ALICE, 1_000)
        apply(TransferFactory(amount=250))

        body = get(ALICE, "/api/v1/accounts").json()

        (shown,) = body["data"]
        wallet = Account.objects.get(owner=ALICE)
        assert datetime.fromisoformat(shown.pop("as_of")).tzinfo is not None
        assert shown == {
            "id": str(wallet.id),
            "owner": str(ALICE),
            "currency": "EUR",
            "status": "open",
            "balance": {"posted": 750, "pending": 0, "available": 750},
        }
        assert (body["has_more"], body["next_cursor"]) == (False, None)

    def test_says_when_it_was_read(self, get):
        fund(ALICE, 1_000)
        before = datetime.now(UTC)

        shown = get(ALICE, "/api/v1/accounts").json()["data"][0]

        assert before <= datetime.fromisoformat(shown["as_of"]) <= datetime.now(UTC)

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
            ({"as_of": "2026-01-01T00:00:00Z"}, "as_of"),
            ({"owner": str(BOB)}, "owner"),
            ({"limit": "0"}, "limit"),
            ({"limit": "101"}, "limit"),
            ({"limit": "\u0661"}, "limit"),
            ({"cursor": "not one of ours"}, "cursor"),
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

        answers = [
            get(BOB, f"/api/v1/accounts/{account_id}")
            for account_id in (wallet.id, house.id, uuid7())
        ]

        problems = [assert_problem(answer, 404, "not_found") for answer in answers]
        for problem in problems:
            del problem["request_id"], problem["instance"]
        assert problems[0] == problems[1] == problems[2]

    def test_refuses_a_parameter_it_does_not_know(self, get):
        assert_problem(get(ALICE, f"/api/v1/accounts/{uuid7()}", as_of="now"), 400, "invalid")

    def test_knows_no_account_by_a_malformed_id(self, get):
        assert_problem(get(ALICE, "/api/v1/accounts/1"), 404, "not_found")


class TestLedgerTransaction:
    def read(self, get, viewer, command):
        return get(viewer, f"/api/v1/ledger/transactions/{command.transaction_id}")

    def test_shows_the_books_of_a_transaction(self, get):
        fund(ALICE, 1_000)
        command = TransferFactory(amount=250)
        apply(command)

        body = self.read(get, ALICE, command).json()

        alice, bob = Account.objects.get(owner=ALICE), Account.objects.get(owner=BOB)
        (entry,) = body.pop("journal")
        assert body == {
            "id": str(command.transaction_id),
            "kind": "transfer",
            "state": "posted",
            "amount": 250,
            "currency": "EUR",
            "pending_id": None,
            "reverses_id": None,
            "hold_expires_at": None,
            "captured_amount": 250,
            "reversed_amount": 0,
            "commands": [],
            "postings": [
                {
                    "account": str(alice.id),
                    "direction": "debit",
                    "amount": 250,
                    "layer": "posted",
                    "balance_after": 750,
                },
                {
                    "account": str(bob.id),
                    "direction": "credit",
                    "amount": 250,
                    "layer": "posted",
                    "balance_after": None,
                },
            ],
            "source": {
                "event_id": str(command.source.event_id),
                "sequence": command.source.sequence,
                "partition": 0,
                "offset": command.source.offset,
            },
        }
        assert set(entry) == {
            "sequence",
            "type",
            "from_state",
            "to_state",
            "code",
            "actor",
            "recorded_at",
            "hash",
        }
        assert (entry["type"], entry["from_state"], entry["to_state"], entry["actor"]) == (
            "transaction_posted",
            "",
            "posted",
            f"user:{ALICE}",
        )
        assert len(bytes.fromhex(entry["hash"])) == 32

    def test_shows_a_refusal_to_the_payer_only(self, get):
        command = TransferFactory()
        apply(command)

        body = self.read(get, ALICE, command).json()

        assert (body["state"], body["postings"]) == ("rejected", [])
        assert body["journal"][0]["code"] == "insufficient_funds"
        assert_problem(self.read(get, BOB, command), 404, "not_found")

    def test_shows_to_the_receiver_what_was_posted_but_not_the_payers_balance(self, get):
        fund(ALICE, 1_000)
        command = TransferFactory(amount=250)
        apply(command)

        debit, credit = self.read(get, BOB, command).json()["postings"]

        assert (debit["balance_after"], credit["balance_after"]) == (None, 250)

    def test_shows_to_who_asked_for_it(self, get):
        treasurer = uuid7()
        command = DepositFactory(requested_by=treasurer, source=SourceFactory(stream=ALICE))
        apply(command)

        body = self.read(get, treasurer, command).json()

        assert body["state"] == "posted"
        assert [leg["balance_after"] for leg in body["postings"]] == [None, None]
        assert self.read(get, ALICE, command).status_code == 200

    def test_shows_what_commands_did_to_it(self, get):
        fund(ALICE, 1_000)
        hold = TransferFactory(held=True)
        too_much = CaptureFactory(transaction_id=hold.transaction_id, amount=251)
        capture = CaptureFactory(transaction_id=hold.transaction_id, amount=200)
        refund = ReverseFactory(transaction_id=hold.transaction_id, amount=50, requested_by=BOB)
        apply(hold, too_much, capture, refund)

        body = self.read(get, ALICE, hold).json()

        assert (body["state"], body["captured_amount"]) == ("partially_reversed", 200)
        assert body["reversed_amount"] == 50
        assert datetime.fromisoformat(body["hold_expires_at"]) == DEADLINE
        assert [
            (one["id"], one["kind"], one["state"], one["amount"], one["code"])
            for one in body["commands"]
        ] == [
            (str(too_much.command_id), "capture", "rejected", 251, "exceeds_hold"),
            (str(capture.command_id), "capture", "posted", 200, ""),
            (str(refund.command_id), "reversal", "posted", 50, ""),
        ]
        assert [entry["to_state"] for entry in body["journal"]] == [
            "authorised",
            "posted",
            "partially_reversed",
        ]

    def test_shows_a_command_to_whoever_may_see_its_original(self, get):
        fund(ALICE, 1_000)
        hold = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=hold.transaction_id)
        refund = ReverseFactory(transaction_id=hold.transaction_id, requested_by=BOB)
        apply(hold)

        assert self.read_id(get, BOB, hold.transaction_id).status_code == 404
        apply(capture, refund)

        for viewer in (ALICE, BOB):
            captured = self.read_id(get, viewer, capture.command_id).json()
            back = self.read_id(get, viewer, refund.command_id).json()
            assert (captured["pending_id"], captured["reverses_id"]) == (
                str(hold.transaction_id),
                None,
            )
            assert (back["kind"], back["reverses_id"]) == ("reversal", str(hold.transaction_id))
        for one in (hold.transaction_id, capture.command_id, refund.command_id):
            assert_problem(self.read_id(get, CAROL, one), 404, "not_found")

    def test_shows_no_command_to_the_receiver_of_what_never_moved(self, get):
        fund(ALICE, 1_000)
        hold = TransferFactory(held=True)
        void = VoidFactory(transaction_id=hold.transaction_id)
        apply(hold, void)

        assert self.read_id(get, ALICE, void.command_id).status_code == 200
        assert_problem(self.read_id(get, BOB, void.command_id), 404, "not_found")

    def read_id(self, get, viewer, transaction_id):
        return get(viewer, f"/api/v1/ledger/transactions/{transaction_id}")

    def test_answers_for_strangers_as_if_it_did_not_exist(self, get):
        fund(ALICE, 1_000)
        command = TransferFactory()
        apply(command)

        stranger = assert_problem(self.read(get, CAROL, command), 404, "not_found")
        missing = assert_problem(self.read(get, CAROL, TransferFactory()), 404, "not_found")

        assert stranger["detail"] == missing["detail"]

    def test_reads_with_a_fixed_number_of_statements(self, get, django_assert_max_num_queries):
        fund(ALICE, 1_000)
        apply(TransferFactory())
        found = LedgerTransaction.objects.get(kind="transfer")

        with django_assert_max_num_queries(4):
            get(ALICE, f"/api/v1/ledger/transactions/{found.id}")
