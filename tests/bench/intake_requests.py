"""The requests of the intake bench as bytes, ready to be sent."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from common.ids import uuid7

DEPOSIT = 100_000_000
"""Minor units that everybody begins with: more than anybody spends, so nothing is refused."""

TRANSACTIONS = "/api/v1/transactions"

_chance = random.Random(20260102)  # noqa: S311  a load, not a secret


class Person(NamedTuple):
    """Somebody who is signed in."""

    id: str
    token: str


def request(method: str, path: str, person: Person, body: object = None, **headers: str) -> bytes:
    """One request; `wait_for` among the headers' names means `Wait-For`."""
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {person.token}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if payload:
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
    return "\r\n".join([*lines, "", ""]).encode() + payload


def deposits(treasury: Person, people: Sequence[Person]) -> Iterator[bytes]:
    """Money for everybody."""
    for person in people:
        body = {"kind": "deposit", "amount": DEPOSIT, "currency": "EUR", "user": person.id}
        yield post(treasury, body)


def transfers(people: Sequence[Person], **headers: str) -> Iterator[bytes]:
    """Payments from anybody to anybody else, without end, each under a key of its own."""
    while True:
        payer, payee = _chance.sample(people, 2)
        yield post(payer, _transfer(payee), **headers)


def batches(people: Sequence[Person], *, items: int) -> Iterator[bytes]:
    """As `transfers`, so many at once; each batch is of one payer."""
    while True:
        payer, *payees = _chance.sample(people, min(items + 1, len(people)))
        body = {
            "items": [
                {"idempotency_key": str(uuid7()), **_transfer(payees[turn % len(payees)])}
                for turn in range(items)
            ]
        }
        yield request("POST", f"{TRANSACTIONS}/batch", payer, body)


def of_comparison(users: Sequence[str]) -> Iterator[bytes]:
    """The same for the comparison stack, which knows neither tokens nor keys."""
    run, turn = uuid7(), 0
    while True:
        turn += 1
        body = {
            "user_id": _chance.choice(users),
            "amount": f"{_chance.randint(1, 99_999)}.25",
            "currency": "EUR",
            "type": "credit" if turn % 3 else "debit",
            "reference": f"{run}-{turn}",
        }
        payload = json.dumps(body).encode()
        head = (
            "POST /transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        )
        yield head.encode() + payload


def _transfer(payee: Person) -> Mapping[str, object]:
    return {
        "kind": "transfer",
        "amount": _chance.randint(1, 99),
        "currency": "EUR",
        "counterparty": payee.id,
    }


def post(person: Person, body: Mapping[str, object], **headers: str) -> bytes:
    """One POST of a transaction, under a key of its own."""
    return request("POST", TRANSACTIONS, person, body, Idempotency_Key=str(uuid7()), **headers)
