"""What clients ask for, at random: payments, holds, and commands about those that they know."""

import random
from collections import deque
from typing import NamedTuple

import httpx

from common.ids import uuid7
from tests.chaos.journal import Accepted, Asked
from tests.chaos.people import Person

KNOWN_MAX = 500
COMMANDS = 0.25
HOLDS = 0.3
SHORT_HOLD_S = 60  # the shortest there is


class Payment(NamedTuple):
    """A transfer that was accepted."""

    id: str
    payer: Person
    payee: Person
    is_hold: bool


class Orders:
    """
    Makes up orders, each for one of `people`; several threads may share it.

    With `expiring`, holds that nobody captures are over after a minute, else after a week.
    """

    def __init__(self, people: list[Person], *, expiring: bool) -> None:
        self._people = people
        self._expiring = expiring
        self._known: deque[Payment] = deque(maxlen=KNOWN_MAX)

    def next(self, chance: random.Random) -> Asked:
        """Something to ask for."""
        command = self._command(chance) if chance.random() < COMMANDS else None
        return command or self._request(chance)

    def accepted(self, asked: Asked, accepted: Accepted) -> None:
        """Learn of a payment, which commands may be about from now on."""
        payee = next((p for p in self._people if p.id == asked.order.get("counterparty")), None)
        if payee is not None:
            is_hold = "capture" in asked.order
            self._known.append(Payment(accepted.id, asked.person, payee, is_hold))

    def _request(self, chance: random.Random) -> Asked:
        payer, payee = chance.sample(self._people, 2)
        order: dict[str, object] = {"kind": "withdrawal", "amount": chance.randint(1, 50)}
        if chance.random() < 0.8:
            order = {
                "kind": "transfer",
                # One in fifty is more than anybody has: refusals are outcomes too.
                "amount": chance.choice([*range(1, 50), 900_000_000_000]),
                "counterparty": payee.id,
            }
            if chance.random() < HOLDS:
                order["capture"] = "manual"
                if self._expiring:
                    order["hold_expires_in_s"] = SHORT_HOLD_S
        return Asked(person=payer, key=str(uuid7()), order=order)

    def _command(self, chance: random.Random) -> Asked | None:
        """Whatever became of the payment: most of the refusals of commands come up, too."""
        if not self._known:
            return None
        payment = self._known[chance.randrange(len(self._known))]
        if payment.is_hold and chance.random() < 0.6:
            name, person = chance.choice(["capture", "capture", "void"]), payment.payer
        elif _is_received(payment):
            name, person = "reverse", payment.payee
        else:
            return None
        part = name != "void" and chance.random() < 0.5
        order: dict[str, object] = {"amount": chance.randint(1, 40)} if part else {}
        return Asked(person, str(uuid7()), order, path=f"/{payment.id}/{name}")


def _is_received(payment: Payment) -> bool:
    """Whether the receiver sees it: nobody else may give it back, and nothing else."""
    path = f"/api/v1/transactions/{payment.id}"
    try:
        return payment.payee.call("GET", path).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
