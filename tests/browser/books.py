"""A made-up past of other people, and a few transactions of Alice and Bob after it."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from compose.local import manage
from compose.local.stack import stack_from
from tests.browser.consoles import SERVICES
from tests.e2e.client import Caller, caller_of, gateway, treasury

_SCALE = ("--transactions", "1500", "--users", "120", "--dead-letters", "9")


@dataclass(frozen=True)
class Books:
    """What there is to look at: people, and ids of transactions of theirs."""

    alice: Caller
    bob: Caller
    paid: str
    held: str
    refused: str


def past_make() -> None:
    """Ninety days of other people, up to this minute, the same in both services."""
    until = datetime.now(UTC).replace(second=0, microsecond=0).isoformat()
    words = ("seed_demo", "--scale", *_SCALE, "--until", until)
    stack = stack_from(os.environ)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda service: manage.run(stack, service, *words), SERVICES))


def books_make() -> Books:
    """A little of everything that the ledger decides, by the demo's people."""
    bank = treasury()
    alice, bob = _demo_person("alice"), _demo_person("bob")
    deposit = bank.submit(kind="deposit", amount=500_000, user=alice.id, reference="SALARY-11")
    bank.outcome(deposit.json()["id"])
    paid = alice.submit(
        kind="transfer",
        amount=12_450,
        counterparty=bob.id,
        reference="INV-2026-0417",
        description="Catering for the autumn party",
        metadata={"order": "A-1042", "place": "harbour"},
    ).json()["id"]
    alice.outcome(paid)
    bob.command(f"/{paid}/reverse", amount=2_500, reason="one soup was cold")
    held = alice.submit(kind="transfer", amount=70_000, counterparty=bob.id, capture="manual")
    refused = alice.submit(kind="withdrawal", amount=900_000, reference="YACHT")
    alice.outcome(refused.json()["id"])
    return Books(alice, bob, paid, held.json()["id"], refused.json()["id"])


def _demo_person(name: str) -> Caller:
    password = os.environ[f"DEMO_{name.upper()}_PASSWORD"]
    return caller_of(gateway().sign_in(f"{name}@example.com", password))
