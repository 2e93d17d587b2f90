"""
The main job on real input, through the gateway alone.

Two people sign up, the treasury funds one, who pays the other, withdraws some, and then tries to
spend what is not there. Every step of each transaction's road is shown with its times.
"""

import secrets
import time
from dataclasses import dataclass

from compose.local import demo_report
from compose.local.api_client import ApiClient, Person
from compose.local.demo_report import Road
from compose.local.environment import stack_environment
from compose.local.stack import Stack

CURRENCY = "EUR"


@dataclass(frozen=True)
class Order:
    """One request: who asks for what, and how it must end."""

    title: str
    asker: Person
    body: dict[str, object]
    ends: str
    code: str | None = None


def run(stack: Stack) -> bool:
    """Run the demo and print it; returns whether everything ended as it must."""
    with ApiClient(stack.url("gateway")) as client:
        people = _people(client, stack)
        payer, payee, _ = people
        demo_report.people(payer, payee)
        good = [
            _carry_out(client, number, order) for number, order in enumerate(_orders(*people), 1)
        ]
        expected = {payer: 4500, payee: 2500}
        good += [_check_balance(client, person, amount) for person, amount in expected.items()]
    demo_report.verdict(passed=all(good))
    return all(good)


def _people(client: ApiClient, stack: Stack) -> tuple[Person, Person, Person]:
    run_id, password = secrets.token_hex(4), secrets.token_urlsafe(16)
    payer = client.sign_up(f"payer-{run_id}@example.com", password)
    payee = client.sign_up(f"payee-{run_id}@example.com", password)
    treasury_password = stack_environment(stack)["DEMO_TREASURY_PASSWORD"]
    return payer, payee, client.log_in("treasury@example.com", treasury_password)


def _orders(payer: Person, payee: Person, treasury: Person) -> list[Order]:
    def body(kind: str, amount: int, **more: str) -> dict[str, object]:
        return {"kind": kind, "amount": amount, "currency": CURRENCY, **more}

    return [
        Order(
            "the treasury funds the payer",
            treasury,
            body("deposit", 10_000, user=payer.id),
            "posted",
        ),
        Order(
            "the payer pays the payee",
            payer,
            body("transfer", 2_500, counterparty=payee.id, description="Lunch"),
            "posted",
        ),
        Order("the payer withdraws some", payer, body("withdrawal", 3_000), "posted"),
        Order(
            "the payer spends what is not there",
            payer,
            body("transfer", 5_000, counterparty=payee.id),
            "rejected",
            "insufficient_funds",
        ),
    ]


def _carry_out(client: ApiClient, number: int, order: Order) -> bool:
    began = time.monotonic()
    accepted = client.submit(order.asker, order.body)
    answered_ms = (time.monotonic() - began) * 1000
    settled = client.outcome(order.asker, accepted["id"])
    seen_ms = (time.monotonic() - began) * 1000
    ledger = client.ledger_transaction(order.asker, accepted["id"])
    road = Road(number, order.title, answered_ms, seen_ms, settled, ledger)
    demo_report.road(road)
    return (settled["status"], settled["rejection_code"]) == (order.ends, order.code)


def _check_balance(client: ApiClient, person: Person, expected: int) -> bool:
    found = client.balance(person, CURRENCY)
    demo_report.balance(person, found, expected, CURRENCY)
    return found == expected
