"""One transaction all the way: gateway, users, Kafka, transactions, Kafka, users, gateway."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from common.ids import uuid7


def fund(bank, owner, amount):
    accepted = bank.submit(kind="deposit", amount=amount, user=owner.id)
    assert accepted.status_code == 202, accepted.text
    assert bank.outcome(accepted.json()["id"])["status"] == "posted"


class TestTransfer:
    def test_is_accepted_then_posted_and_moves_the_money(self, bank, alice, bob):
        fund(bank, alice, 1000)

        accepted = alice.submit(kind="transfer", amount=250, counterparty=bob.id)

        assert accepted.status_code == 202
        body = accepted.json()
        assert accepted.headers["Location"] == f"/api/v1/transactions/{body['id']}"
        assert (body["status"], UUID(body["id"]).version) == ("pending", 7)
        settled = alice.outcome(body["id"])
        assert (settled["status"], settled["captured_amount"]) == ("posted", 250)
        assert settled["settled_at"] >= settled["created_at"]
        assert (alice.balance(), bob.balance()) == (750, 250)

    def test_is_rejected_when_the_money_is_not_there(self, bank, alice, bob):
        fund(bank, alice, 100)

        settled = alice.outcome(
            alice.submit(kind="transfer", amount=101, counterparty=bob.id).json()["id"]
        )

        assert (settled["status"], settled["rejection_code"]) == ("rejected", "insufficient_funds")
        assert (alice.balance(), bob.balance()) == (100, 0)

    def test_shows_its_postings_and_its_journal(self, bank, alice, bob):
        fund(bank, alice, 300)
        made = alice.submit(kind="transfer", amount=300, counterparty=bob.id).json()["id"]
        alice.outcome(made)

        entry = alice.call("GET", f"/api/v1/ledger/transactions/{made}").json()

        assert (entry["id"], entry["kind"], entry["state"]) == (made, "transfer", "posted")
        sides = {p["direction"]: (p["amount"], p["layer"]) for p in entry["postings"]}
        assert sides == {"debit": (300, "posted"), "credit": (300, "posted")}
        assert [j["to_state"] for j in entry["journal"]] == ["posted"]
        assert entry["source"]["sequence"] >= 2

    def test_refused_leaves_one_journal_entry_and_no_posting(self, alice, bob):
        made = alice.submit(kind="transfer", amount=1, counterparty=bob.id).json()["id"]
        alice.outcome(made)

        entry = alice.call("GET", f"/api/v1/ledger/transactions/{made}").json()

        assert (entry["state"], entry["postings"]) == ("rejected", [])
        assert [j["code"] for j in entry["journal"]] == ["insufficient_funds"]


class TestWithdrawal:
    def test_takes_money_out(self, bank, alice):
        fund(bank, alice, 500)

        settled = alice.outcome(alice.submit(kind="withdrawal", amount=500).json()["id"])

        assert settled["status"] == "posted"
        assert alice.balance() == 0


class TestDeposit:
    def test_is_for_the_treasury_alone(self, alice):
        refused = alice.submit(kind="deposit", amount=500, user=alice.id)

        assert refused.status_code == 403
        assert refused.headers["Content-Type"] == "application/problem+json"


class TestOrder:
    def test_of_one_user_is_kept_when_many_are_asked_for_at_once(self, bank, alice, bob):
        fund(bank, alice, 500)

        with ThreadPoolExecutor(8) as pool:
            asked = list(
                pool.map(
                    lambda _: alice.submit(kind="transfer", amount=100, counterparty=bob.id),
                    range(20),
                )
            )

        settled = sorted(
            (alice.outcome(answer.json()["id"]) for answer in asked), key=lambda t: t["created_at"]
        )
        assert [t["status"] for t in settled] == ["posted"] * 5 + ["rejected"] * 15
        assert (alice.balance(), bob.balance()) == (0, 500)


class TestIdempotencyKey:
    def test_gives_the_same_answer_again_and_says_so(self, alice, bob):
        key, order = str(uuid7()), {"kind": "transfer", "amount": 5, "counterparty": bob.id}
        first = alice.submit(key=key, **order)
        alice.outcome(first.json()["id"])

        again = alice.submit(key=key, **order)

        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.json()) == (202, first.json())

    def test_is_refused_for_another_body(self, alice, bob):
        key = str(uuid7())
        alice.submit(key=key, kind="transfer", amount=5, counterparty=bob.id)

        refused = alice.submit(key=key, kind="transfer", amount=6, counterparty=bob.id)

        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        assert refused.json()["errors"][0]["field"] == "amount"

    def test_is_required(self, alice):
        refused = alice.call(
            "POST",
            "/api/v1/transactions",
            json={"kind": "withdrawal", "amount": 1, "currency": "EUR"},
        )

        assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")


class TestOthers:
    def test_see_nothing_of_what_is_not_theirs(self, bank, alice, bob, stranger):
        fund(bank, alice, 100)
        made = alice.submit(kind="withdrawal", amount=100).json()["id"]
        alice.outcome(made)
        account = alice.call("GET", "/api/v1/accounts").json()["data"][0]["id"]

        for path in (
            f"/api/v1/transactions/{made}",
            f"/api/v1/ledger/transactions/{made}",
            f"/api/v1/accounts/{account}",
        ):
            assert bob.call("GET", path).status_code == 404
            assert stranger.call("GET", path).status_code == 401
            assert alice.call("GET", path).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/transactions", 401),
        ("/api/v1/accounts", 401),
        ("/api/v1/users/me", 401),
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
        ("/admin/", 404),
        ("/users/admin/", 404),
        ("/metrics", 404),
        ("/healthz/ready", 404),
        ("/_allauth/app/v1/auth/session", 404),
    ],
)
def test_the_gateway_shows_nothing_else_and_says_so_as_a_problem(stranger, path, status):
    answer = stranger.call("GET", path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["request_id"]
