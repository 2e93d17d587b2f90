"""Clients that stay signed in through a long run with faults."""

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from common.client import ApiClient, ClientError, Retrying, Session, SignedOut
from common.ids import uuid7
from tests.chaos import links
from tests.e2e.client import PASSWORD, Caller, http_client, wait_for

GIVES_UP_AFTER_S = 3.0
RENEW_AFTER_S = 150.0  # access tokens live five minutes
RENEW_AGAIN_AFTER_S = 5.0
SIGN_IN_WITHIN_S = 30
SETTLED_WITHIN_S = 60
FUNDS = 50_000_000
SIDE_BY_SIDE = 2


@dataclass
class Person(Caller):
    """A caller who knows how to sign in again; `renew_at` is on the monotonic clock."""

    email: str = ""
    password: str = PASSWORD
    renew_at: float = 0.0
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def token(self) -> str | None:
        """The access token as it is: renewing has its time in `ask`, and may fail."""
        return self.session.access_token if self.session else None

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

    def sign_in(self) -> None:
        """Sign in. Raises `ClientError`."""
        self._take(self._api().sign_in(self.email, self.password))

    def sign_up(self) -> None:
        """Make the account. Raises `ClientError`."""
        self._take(self._api().sign_up(self.email, self.password))

    def _stay_signed_in(self) -> None:
        """Renew the tokens well before they end; several threads may share a person."""
        if time.monotonic() < self.renew_at or not self._renewing.acquire(blocking=False):
            return
        # Whatever comes of it, the next attempt is not at once: a busy system must not be asked
        # to hash the same password again and again.
        self.renew_at = time.monotonic() + RENEW_AGAIN_AFTER_S
        try:
            self._renew()
        except ClientError:
            pass  # what is asked meanwhile has no answer, or 401
        finally:
            self._renewing.release()

    def _renew(self) -> None:
        """Exchange the tokens; those that are gone, by an answer that never came, are given up."""
        if self.session is None:
            self.sign_in()
            return
        try:
            self.session.renew()
        except SignedOut:
            self.sign_in()
        else:
            self._take(self.session)

    def _take(self, session: Session) -> None:
        self.session, self.id = session, str(session.user_id)
        self.renew_at = time.monotonic() + random.uniform(0.6, 1.0) * RENEW_AFTER_S  # noqa: S311  not all at once

    def _api(self) -> ApiClient:
        # Under faults a sign-in is as impatient as any other request, and tried again later.
        return ApiClient(
            links.gateway_url(),
            answer_within_s=SIGN_IN_WITHIN_S,
            retrying=Retrying(deadline_s=SIGN_IN_WITHIN_S),
        )


def _client() -> httpx.Client:
    return http_client(links.gateway_url(), timeout=GIVES_UP_AFTER_S)


def funded_people(count: int) -> list[Person]:
    """Sign people up and give each the same amount of euro cents."""
    bank = Person(
        _client(),
        email="treasury@example.com",
        password=os.environ["DEMO_TREASURY_PASSWORD"],
    )
    people = [Person(_client(), email=f"person-{uuid7()}@example.com") for _ in range(count)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(Person.sign_up, people))
    bank.sign_in()
    asked = [bank.submit(kind="deposit", amount=FUNDS, user=person.id) for person in people]
    for answer in asked:
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
