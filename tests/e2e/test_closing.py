"""Somebody leaves: the ledger is asked over Kafka, and answers over Kafka."""

from tests.e2e.client import Caller, wait_for
from tests.e2e.test_road import fund


def ask_to_close(caller: Caller):
    answer = caller.call("POST", "/api/v1/users/me/close")
    assert (answer.status_code, answer.json()["status"]) == (202, "closing")


def status_after_closing(caller: Caller) -> str:
    """What the caller's status is once the ledger has answered; the token outlives it."""

    def look() -> str | None:
        status: str = caller.call("GET", "/api/v1/users/me").json()["status"]
        return None if status == "closing" else status

    return wait_for(f"the answer to {caller.id}", look)


class TestClosing:
    def test_ends_an_account_whose_wallets_are_empty(self, bank, alice, bob):
        fund(bank, alice, 100)
        alice.outcome(alice.submit(kind="transfer", amount=100, counterparty=bob.id).json()["id"])

        ask_to_close(alice)

        assert status_after_closing(alice) == "closed"
        accounts = alice.call("GET", "/api/v1/accounts").json()["data"]
        assert [account["status"] for account in accounts] == ["closed"]
        assert alice.submit(kind="withdrawal", amount=1).status_code == 403
        refused = bob.submit(kind="transfer", amount=1, counterparty=alice.id)
        assert refused.json()["code"] == "counterparty_unavailable"

    def test_is_refused_while_there_is_money_and_works_afterwards(self, bank, alice):
        fund(bank, alice, 100)

        ask_to_close(alice)
        assert status_after_closing(alice) == "active"

        spent = alice.submit(kind="withdrawal", amount=100).json()["id"]
        assert alice.outcome(spent)["status"] == "posted"
        ask_to_close(alice)
        assert status_after_closing(alice) == "closed"
