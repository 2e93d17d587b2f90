"""Clients that stay signed in through a long run with faults."""

import os
import random
import threading
import time
from dataclasses import dataclass, field

import httpx

from common.ids import uuid7
from tests.chaos import links
from tests.e2e.client import PASSWORD, Caller, wait_for

GIVES_UP_AFTER_S = 3.0
RENEW_AFTER_S = 150.0  # access tokens live five minutes
RENEW_AGAIN_AFTER_S = 5.0
SIGN_IN_WITHIN_S = 30
GONE = frozenset({400, 401, 403})
SETTLED_WITHIN_S = 60
FUNDS = 50_000_000


@dataclass
class Person(Caller):
    """A caller who knows how to sign in again; `renew_at` is on the monotonic clock."""

    email: str = ""
    password: str = PASSWORD
    renew_at: float = 0.0
    _refresh_token: str = ""
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, key: str, order: dict[str, object], path: str = ""
    ) -> httpx.Response | httpx.TransportError:
        """
        Ask for a transaction once, or with a path for what is to be done with one.

        What went wrong when no answer came.
        """
        try:
            self._stay_signed_in()
            return self.command(path, key=key, **order) if path else self.submit(key=key, **order)
        except httpx.TransportError as error:
            return error

    def is_settled(self, location: str) -> bool:
        """Whether a transaction or command has its outcome, as far as an answer came."""
        try:
            answer = self.call("GET", location)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK and answer.json()["status"] != "pending"

    def sign_in(self, what: str = "login") -> bool:
        """Sign in or up; whether the answer was yes."""
        body = {"email": self.email, "password": self.password}
        answer = self.http.post(f"/api/v1/auth/{what}", json=body, timeout=SIGN_IN_WITHIN_S)
        if answer.status_code != httpx.codes.OK:
            return False
        self.id = answer.json()["data"]["user"]["id"]
        self._take_tokens(answer.json()["meta"])
        return True

    def _stay_signed_in(self) -> None:
        """Renew the tokens well before they end; several threads may share a person."""
        if time.monotonic() < self.renew_at or not self._renewing.acquire(blocking=False):
            return
        # Whatever comes of it, the next attempt is not at once: a busy system must not be asked
        # to hash the same password again and again.
        self.renew_at = time.monotonic() + RENEW_AGAIN_AFTER_S
        try:
            if not self._refresh():
                self.sign_in()
        finally:
            self._renewing.release()

    def _refresh(self) -> bool:
        """Exchange the refresh token; False when it is gone, by an answer that never came."""
        body = {"refresh_token": self._refresh_token}
        answer = self.http.post("/api/v1/auth/tokens/refresh", json=body, timeout=SIGN_IN_WITHIN_S)
        if answer.status_code != httpx.codes.OK:
            return answer.status_code not in GONE
        self._take_tokens(answer.json()["data"])
        return True

    def _take_tokens(self, tokens: dict[str, str]) -> None:
        self.token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.renew_at = time.monotonic() + random.uniform(0.6, 1.0) * RENEW_AFTER_S  # noqa: S311  not all at once


def _client() -> httpx.Client:
    return httpx.Client(base_url=links.gateway_url(), timeout=GIVES_UP_AFTER_S, trust_env=False)


def funded_people(count: int) -> list[Person]:
    """Sign people up and give each the same amount of euro cents."""
    bank = Person(
        _client(),
        email="treasury@example.com",
        password=os.environ["DEMO_TREASURY_PASSWORD"],
    )
    people = [Person(_client(), email=f"person-{uuid7()}@example.com") for _ in range(count)]
    for person in people:
        assert person.sign_in("signup")
    assert bank.sign_in()
    for person in people:
        answer = bank.submit(kind="deposit", amount=FUNDS, user=person.id)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        assert bank.outcome(answer.json()["id"])["status"] == "posted"
    return people


def settled_after(payer: Person, payee: Person) -> float:
    """Seconds from now until a new payment was accepted and has its outcome."""
    began = time.monotonic()
    key = f"probe-{uuid7()}"
    order: dict[str, object] = {"kind": "transfer", "amount": 1, "counterparty": payee.id}

    def accepted() -> str | None:
        answer = payer.ask(key, order)
        if isinstance(answer, httpx.Response) and answer.status_code == httpx.codes.ACCEPTED:
            return answer.headers["Location"]
        return None

    made = wait_for("a new payment is accepted", accepted, deadline_s=SETTLED_WITHIN_S)
    wait_for("it is settled", lambda: payer.is_settled(made) or None, deadline_s=SETTLED_WITHIN_S)
    return time.monotonic() - began
