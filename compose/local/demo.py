"""
The main job on real input, through the gateway alone.

Two people sign up, the treasury funds one, who pays the other, withdraws some, tries to spend what
is not there, and then holds money and takes a part of it; the other one gives some back. Every
step of each transaction's road is shown with its times.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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

    def ask(self, client: ApiClient, made: Sequence[str]) -> dict[str, Any]:  # noqa: ARG002  as a command's
        """Ask for it; `made` are the ids of what was asked for before."""
        return client.submit(self.asker, self.body)

    def outcome(self, client: ApiClient, asked: dict[str, Any]) -> dict[str, Any]:
        """Wait for what becomes of it."""
        return client.outcome(self.asker, asked["id"])


@dataclass(frozen=True)
class Command:
    """What is to be done with an earlier request, `about` by its number; it must be applied."""

    title: str
    asker: Person
    about: int
    name: str
    body: dict[str, object]
    ends: str = "applied"
    code: str | None = None

    def ask(self, client: ApiClient, made: Sequence[str]) -> dict[str, Any]:
        """Ask for it; `made` are the ids of what was asked for before."""
        return client.command(self.asker, made[self.about - 1], self.name, self.body)

    def outcome(self, client: ApiClient, asked: dict[str, Any]) -> dict[str, Any]:
        """Wait for what becomes of it."""
        return client.command_outcome(self.asker, asked["transaction_id"], asked["id"])


def run(stack: Stack) -> bool:
    """Run the demo and print it; returns whether everything ended as it must."""
    with ApiClient(stack.url("gateway")) as client:
        people = _people(client, stack)
        payer, payee, _ = people
        demo_report.people(payer, payee)
        made: list[str] = []
        good = [_carry_out(client, step, made) for step in _steps(*people)]
        expected = {payer: 3800, payee: 3200}
        good += [_check_balance(client, person, amount) for person, amount in expected.items()]
    demo_report.verdict(passed=all(good))
    return all(good)


def _people(client: ApiClient, stack: Stack) -> tuple[Person, Person, Person]:
    run_id, password = secrets.token_hex(4), secrets.token_urlsafe(16)
    payer = client.sign_up(f"payer-{run_id}@example.com", password)
    payee = client.sign_up(f"payee-{run_id}@example.com", password)
    treasury_password = stack_environment(stack)["DEMO_TREASURY_PASSWORD"]
    return payer, payee, client.log_in("treasury@example.com", treasury_password)


def _steps(payer: Person, payee: Person, treasury: Person) -> list[Order | Command]:
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
        Order(
            "the payer holds money for the payee",
            payer,
            body("transfer", 2_000, counterparty=payee.id, capture="manual"),
            "authorised",
        ),
        Command(
            "the payer captures a part, the rest is free", payer, 5, "capture", {"amount": 1_200}
        ),
        Command("the payee gives back some of lunch", payee, 2, "reverse", {"amount": 500}),
    ]


def _carry_out(client: ApiClient, step: Order | Command, made: list[str]) -> bool:
    """Ask for something, add its id to `made`, show its road; whether it ended as it must."""
    began = time.monotonic()
    asked = step.ask(client, made)
    answered_ms = (time.monotonic() - began) * 1000
    made.append(asked["id"])
    outcome = step.outcome(client, asked)
    seen_ms = (time.monotonic() - began) * 1000
    # A command's entry in the ledger has the command's own id.
    ledger = client.ledger_transaction(step.asker, asked["id"])
    demo_report.road(Road(len(made), step.title, answered_ms, seen_ms, outcome, ledger))
    return (outcome["status"], outcome["rejection_code"]) == (step.ends, step.code)


def _check_balance(client: ApiClient, person: Person, expected: int) -> bool:
    found = client.balance(person, CURRENCY)
    demo_report.balance(person, found, expected, CURRENCY)
    return found == expected
