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
from uuid import UUID

from common.client import (
    ApiClient,
    ClientError,
    Deposit,
    Order,
    Session,
    StillPending,
    Transfer,
    Withdrawal,
)
from common.client.representations import Command, Transaction
from compose.local import demo_report
from compose.local.demo_report import Road
from compose.local.environment import stack_environment
from compose.local.errors import OperatorError
from compose.local.stack import Stack

CURRENCY = "EUR"
PENDING_HINT = "./manage_all.sh status shows where it waits"


@dataclass(frozen=True)
class Person:
    """Somebody who takes part."""

    email: str
    session: Session

    @property
    def id(self) -> UUID:
        """The user's id."""
        return self.session.user_id


@dataclass(frozen=True)
class Asking:
    """One request: who asks for what, and how it must end."""

    title: str
    asker: Person
    order: Order
    ends: str
    code: str | None = None

    def ask(self, made: Sequence[UUID]) -> Transaction:  # noqa: ARG002  as a commanding's
        """Ask for it; `made` are the ids of what was asked for before."""
        return self.asker.session.submit(self.order)


@dataclass(frozen=True)
class Commanding:
    """What is to be done with an earlier request, `about` by its number; it must be applied."""

    title: str
    asker: Person
    about: int
    name: str
    amount: int
    ends: str = "applied"
    code: str | None = None

    def ask(self, made: Sequence[UUID]) -> Command:
        """Ask for it; `made` are the ids of what was asked for before."""
        session, original = self.asker.session, made[self.about - 1]
        if self.name == "capture":
            return session.capture(original, amount=self.amount)
        return session.reverse(original, amount=self.amount)


def run(stack: Stack) -> bool:
    """
    Run the demo and print it; returns whether everything ended as it must.

    Raises:
        OperatorError: something was refused, or got no answer or no outcome.
    """
    try:
        with ApiClient(stack.url("gateway")) as api:
            good = _play(_people(api, stack))
    except StillPending as error:
        raise OperatorError(f"{error}; {PENDING_HINT}") from error
    except ClientError as error:
        raise OperatorError(str(error)) from error
    demo_report.verdict(passed=good)
    return good


def _play(people: tuple[Person, Person, Person]) -> bool:
    payer, payee, _ = people
    demo_report.people(payer.email, payee.email)
    made: list[UUID] = []
    good = [_carry_out(step, made) for step in _steps(*people)]
    good += [_check_balance(payer, 3800), _check_balance(payee, 3200)]
    return all(good)


def _people(api: ApiClient, stack: Stack) -> tuple[Person, Person, Person]:
    run_id, password = secrets.token_hex(4), secrets.token_urlsafe(16)
    payer, payee = f"payer-{run_id}@example.com", f"payee-{run_id}@example.com"
    treasury, treasury_password = (
        "treasury@example.com",
        stack_environment(stack)["DEMO_TREASURY_PASSWORD"],
    )
    return (
        Person(payer, api.sign_up(payer, password)),
        Person(payee, api.sign_up(payee, password)),
        Person(treasury, api.sign_in(treasury, treasury_password)),
    )


def _steps(payer: Person, payee: Person, treasury: Person) -> list[Asking | Commanding]:
    def pay(amount: int, **more: Any) -> Transfer:
        return Transfer(amount=amount, currency=CURRENCY, counterparty=payee.id, **more)

    return [
        Asking(
            "the treasury funds the payer",
            treasury,
            Deposit(amount=10_000, currency=CURRENCY, user=payer.id),
            "posted",
        ),
        Asking("the payer pays the payee", payer, pay(2_500, description="Lunch"), "posted"),
        Asking(
            "the payer withdraws some",
            payer,
            Withdrawal(amount=3_000, currency=CURRENCY),
            "posted",
        ),
        Asking(
            "the payer spends what is not there",
            payer,
            pay(5_000),
            "rejected",
            "insufficient_funds",
        ),
        Asking(
            "the payer holds money for the payee",
            payer,
            pay(2_000, capture="manual"),
            "authorised",
        ),
        Commanding("the payer captures a part, the rest is free", payer, 5, "capture", 1_200),
        Commanding("the payee gives back some of lunch", payee, 2, "reverse", 500),
    ]


def _carry_out(step: Asking | Commanding, made: list[UUID]) -> bool:
    """Ask for something, add its id to `made`, show its road; whether it ended as it must."""
    session, began = step.asker.session, time.monotonic()
    asked = step.ask(made)
    answered_ms = (time.monotonic() - began) * 1000
    made.append(asked.id)
    outcome = session.wait_for_outcome(asked)
    seen_ms = (time.monotonic() - began) * 1000
    # A command's entry in the ledger has the command's own id.
    ledger = session.ledger_transaction(asked.id)
    demo_report.road(Road(len(made), step.title, answered_ms, seen_ms, outcome, ledger))
    return (outcome.status, outcome.rejection_code) == (step.ends, step.code)


def _check_balance(person: Person, expected: int) -> bool:
    found = person.session.balance(CURRENCY).posted
    demo_report.balance(person.email, found, expected, CURRENCY)
    return found == expected
