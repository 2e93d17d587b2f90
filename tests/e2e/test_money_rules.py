"""Who may give money back, and that nobody can spend what is not there, however they try."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.e2e.client import Caller, wait_for
from tests.e2e.test_commands import balance, hold, pay, settled, statement
from tests.e2e.test_road import fund


def outcomes(asked: list[tuple[Caller, httpx.Response]]) -> list[str]:
    """Wait until everything that was accepted is settled; what became of it."""

    def look(caller: Caller, answer: httpx.Response) -> str | None:
        found = caller.call("GET", answer.headers["Location"]).json()
        return None if found["status"] == "pending" else found["status"]

    return [
        wait_for(answer.headers["Location"], lambda c=caller, a=answer: look(c, a))
        for caller, answer in asked
    ]


class TestRefund:
    def test_is_for_the_receiver_and_never_for_the_payer(self, bank, alice, bob):
        fund(bank, alice, 100)
        made = pay(alice, bob, 100)

        assert alice.command(f"/{made}/reverse").status_code == 404
        assert settled(bob, made, "reverse")["status"] == "applied"
        assert alice.command(f"/{made}/reverse").status_code == 404
        assert (alice.balance(), bob.balance()) == (100, 0)

    def test_of_money_that_is_spent_is_refused(self, bank, alice, bob):
        fund(bank, alice, 100)
        made = pay(alice, bob, 100)
        bob.outcome(bob.submit(kind="withdrawal", amount=60).json()["id"])

        refused = settled(bob, made, "reverse")
        by_the_bank = settled(bank, made, "reverse")

        assert refused["rejection_code"] == "insufficient_funds"
        assert by_the_bank["rejection_code"] == "insufficient_funds"
        assert settled(bob, made, "reverse", amount=40)["status"] == "applied"
        assert (alice.balance(), bob.balance()) == (40, 0)


class TestWallet:
    def test_is_never_below_zero_whatever_is_asked_at_once(self, bank, alice, bob):
        fund(bank, alice, 1_000)
        paid = [pay(alice, bob, 100) for _ in range(3)]
        held = [hold(alice, bob, 100) for _ in range(3)]
        orders: list[tuple[Caller, Callable[[], httpx.Response]]] = [
            *((alice, lambda: alice.submit(kind="withdrawal", amount=150)) for _ in range(6)),
            *((bob, lambda: bob.submit(kind="withdrawal", amount=110)) for _ in range(6)),
            *(
                (alice, lambda: alice.submit(kind="transfer", amount=90, counterparty=bob.id))
                for _ in range(4)
            ),
            *((bob, lambda one=one: bob.command(f"/{one}/reverse")) for one in paid * 2),
            *((bank, lambda one=one: bank.command(f"/{one}/reverse")) for one in paid),
            *((alice, lambda one=one: alice.command(f"/{one}/capture")) for one in held * 2),
            *((alice, lambda one=one: alice.command(f"/{one}/void")) for one in held),
        ]

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda order: order[1](), orders))

        assert {answer.status_code for answer in answers} == {202}
        became = outcomes([(who, a) for (who, _), a in zip(orders, answers, strict=True)])
        assert {"posted", "rejected", "applied"} == set(became)
        for person in (alice, bob):
            posted, _, available = balance(person)
            assert 0 <= available <= posted
            assert all(after >= 0 for _, _, after in statement(person))
            assert statement(person)[-1][2] == posted
        out = sum(-amount for person in (alice, bob) for amount in withdrawn(person))
        assert alice.balance() + bob.balance() == 1_000 - out


def withdrawn(person: Caller) -> list[int]:
    """The signed amounts that left the two of them."""
    (account,) = person.call("GET", "/api/v1/accounts").json()["data"]
    lines = person.call("GET", f"/api/v1/accounts/{account['id']}/statement").json()["lines"]
    return [line["amount"] for line in lines if line["kind"] == "withdrawal"]
