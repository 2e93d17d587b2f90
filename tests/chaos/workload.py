"""
A stream of requests that survives whatever dies, and a client-side journal of it.

A request whose answer did not come is asked again under the same key until there is an answer:
that is what clients do, and what the idempotency key is for.
"""

import random
import threading
import time
from dataclasses import dataclass, field

import httpx

from common.ids import uuid7
from tests.e2e.client import Caller, sign_up, wait_for

RETRY_PAUSE_S = 0.1
ANSWER_DEADLINE_S = 60


@dataclass(frozen=True)
class Entry:
    """A request that was accepted. `attempts` over 1 means that its first answer never came."""

    asker: str
    key: str
    transaction_id: str
    attempts: int


@dataclass
class Workload:
    """`people` pay each other and withdraw at random until they are told to stop."""

    people: list[Caller]
    seed: int
    threads: int = 4
    journal: list[Entry] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin, in threads."""
        for number in range(self.threads):
            chance = random.Random(self.seed + number)  # noqa: S311  a seed, not a secret
            thread = threading.Thread(target=self._run, args=(chance,), daemon=True)
            thread.start()
            self._running.append(thread)

    def stop(self) -> None:
        """Finish every request that was begun, also those without an answer so far."""
        self._stop.set()
        for thread in self._running:
            thread.join(ANSWER_DEADLINE_S + 10)
            assert not thread.is_alive(), "a request never got an answer"

    def wait_for_more(self, count: int) -> int:
        """Wait until so many more requests were accepted; return how many there are then."""
        enough = len(self.journal) + count
        wait_for(
            f"{count} more accepted",
            lambda: True if len(self.journal) >= enough else None,
            deadline_s=ANSWER_DEADLINE_S,
        )
        return len(self.journal)

    def _run(self, chance: random.Random) -> None:
        while not self._stop.is_set():
            payer, payee = chance.sample(self.people, 2)
            order = {"kind": "withdrawal", "amount": chance.randint(1, 50)}
            if chance.random() < 0.8:
                order = {
                    "kind": "transfer",
                    "amount": chance.randint(1, 300),
                    "counterparty": payee.id,
                }
            self._ask(payer, str(uuid7()), order)

    def _ask(self, payer: Caller, key: str, order: dict[str, object]) -> None:
        deadline = time.monotonic() + ANSWER_DEADLINE_S
        attempts = 0
        while time.monotonic() < deadline:
            attempts += 1
            answer = _try(payer, key, order)
            if answer is None or answer.status_code in {429, 500, 502, 503, 504}:
                if answer is not None and answer.status_code == 500:
                    self.errors.append(answer.text)
                time.sleep(RETRY_PAUSE_S)
            elif answer.status_code == 202:
                self.journal.append(Entry(payer.id, key, answer.json()["id"], attempts))
                return
            else:
                self.errors.append(f"{answer.status_code}: {answer.text}")
                return
        self.errors.append(f"{key}: no answer within {ANSWER_DEADLINE_S} s")


def _try(payer: Caller, key: str, order: dict[str, object]) -> httpx.Response | None:
    try:
        return payer.submit(key=key, **order)
    except httpx.TransportError:
        return None


def funded_people(bank: Caller, *, count: int, amount: int) -> list[Caller]:
    """Sign people up and give each the same amount of euro cents."""
    people = [sign_up() for _ in range(count)]
    deposits = [bank.submit(kind="deposit", amount=amount, user=p.id).json() for p in people]
    for deposit in deposits:
        assert bank.outcome(deposit["id"])["status"] == "posted"
    return people
