"""Holds, captures, voids, expiries and refunds, all the way there and back."""

from common.ids import uuid7
from tests.e2e.client import Caller, wait_for
from tests.e2e.test_road import fund


def hold(payer: Caller, payee: Caller, amount: int) -> str:
    """The id of money that is held for somebody."""
    asked = payer.submit(kind="transfer", amount=amount, counterparty=payee.id, capture="manual")
    assert asked.status_code == 202, asked.text
    made: str = asked.json()["id"]
    assert status_of(payer, made, "authorised")["captured_amount"] == 0
    return made


def pay(payer: Caller, payee: Caller, amount: int) -> str:
    """The id of money that went to somebody."""
    made: str = payer.submit(kind="transfer", amount=amount, counterparty=payee.id).json()["id"]
    assert payer.outcome(made)["status"] == "posted"
    return made


def status_of(caller: Caller, made: str, status: str) -> dict[str, object]:
    """The transaction once it has come to a status."""

    def look() -> dict[str, object] | None:
        found = caller.call("GET", f"/api/v1/transactions/{made}").json()
        return found if found["status"] == status else None

    return wait_for(f"{made} is {status}", look)


def settled(caller: Caller, made: str, name: str, **body: object) -> dict[str, object]:
    """Command a transaction and wait for what becomes of that."""
    accepted = caller.command(f"/{made}/{name}", **body)
    assert accepted.status_code == 202, accepted.text

    def look() -> dict[str, object] | None:
        found = caller.call("GET", accepted.headers["Location"]).json()
        return None if found["status"] == "pending" else found

    return wait_for(f"the outcome of a {name} of {made}", look)


def balance(caller: Caller) -> tuple[int, int, int]:
    """Posted, pending and available of the caller's euro wallet."""
    accounts = caller.call("GET", "/api/v1/accounts").json()["data"]
    found = next(each["balance"] for each in accounts if each["currency"] == "EUR")
    return found["posted"], found["pending"], found["available"]


def statement(caller: Caller) -> list[tuple[str, int, int]]:
    """Transaction, signed amount and balance of every line of the caller's euro wallet."""
    (account,) = caller.call("GET", "/api/v1/accounts").json()["data"]
    found = caller.call("GET", f"/api/v1/accounts/{account['id']}/statement").json()
    return [(e["transaction_id"], e["amount"], e["balance_after"]) for e in found["lines"]]


class TestHold:
    def test_captured_in_part_moves_the_part_and_releases_the_rest(self, bank, alice, bob):
        fund(bank, alice, 1000)
        made = hold(alice, bob, 400)
        assert balance(alice) == (1000, 400, 600)

        done = settled(alice, made, "capture", amount=150)

        assert (done["status"], done["amount"], done["rejection_code"]) == ("applied", 150, None)
        found = status_of(alice, made, "posted")
        assert (found["captured_amount"], found["amount"]) == (150, 400)
        assert (balance(alice), balance(bob)) == ((850, 0, 850), (150, 0, 150))
        assert statement(alice)[1:] == [(done["id"], -150, 850)]
        assert statement(bob) == [(done["id"], 150, 150)]
        assert settled(alice, made, "capture")["rejection_code"] == "already_captured"

    def test_voided_gives_back_what_was_held(self, bank, alice, bob):
        fund(bank, alice, 300)
        made = hold(alice, bob, 300)
        assert bob.call("GET", f"/api/v1/transactions/{made}").status_code == 404
        assert (
            alice.outcome(alice.submit(kind="withdrawal", amount=1).json()["id"])["rejection_code"]
            == "insufficient_funds"
        )

        assert settled(alice, made, "void")["status"] == "applied"

        status_of(alice, made, "voided")
        assert balance(alice) == (300, 0, 300)
        assert settled(alice, made, "capture")["rejection_code"] == "already_voided"


class TestRefund:
    def test_of_the_receiver_gives_back_in_parts_and_no_more_than_moved(self, bank, alice, bob):
        fund(bank, alice, 500)
        made = pay(alice, bob, 500)

        first = settled(bob, made, "reverse", amount=200, reason="Broken")
        status_of(alice, made, "partially_reversed")
        over = settled(bob, made, "reverse", amount=301)
        last = settled(bob, made, "reverse")

        assert (first["status"], last["status"], last["amount"]) == ("applied", "applied", 300)
        assert over["rejection_code"] == "exceeds_original"
        assert status_of(alice, made, "reversed")["reversed_amount"] == 500
        assert (balance(alice), balance(bob)) == ((500, 0, 500), (0, 0, 0))
        assert [line[1:] for line in statement(bob)] == [(500, 500), (-200, 300), (-300, 0)]

    def test_is_not_for_the_payer_who_learns_nothing(self, bank, alice, bob):
        fund(bank, alice, 100)
        made = pay(alice, bob, 100)

        refused = alice.command(f"/{made}/reverse")
        missing = alice.command(f"/{uuid7()}/reverse")

        assert refused.status_code == missing.status_code == 404
        assert refused.json()["code"] == missing.json()["code"]

    def test_of_what_was_captured_of_a_hold(self, bank, alice, bob):
        fund(bank, alice, 100)
        made = hold(alice, bob, 100)
        settled(alice, made, "capture", amount=60)

        assert settled(bob, made, "reverse")["amount"] == 60

        assert balance(alice) == (100, 0, 100)
