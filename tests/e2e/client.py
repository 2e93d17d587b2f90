"""A client of the public API that hands back whole answers, and waits on conditions."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from common.client import ApiClient, Session
from common.client.transport import trusted
from common.ids import uuid7

DEADLINE_S = 20
PAUSE_S = 0.02
TOKEN_KEPT_S = 120
"""Access tokens live five minutes; on a slow machine the tests take longer."""
TERMINAL = {"posted", "rejected"}
PASSWORD = "correct-horse-battery-staple"

Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found | None], *, deadline_s: float = DEADLINE_S):
    """Look again and again until there is something; fail with `what` when there never is."""
    deadline = time.monotonic() + deadline_s
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"{what}: not within {deadline_s} s"
        time.sleep(PAUSE_S)
    return found


@dataclass
class Caller:
    """Somebody who calls the API through the gateway; who is not signed in is anybody."""

    http: httpx.Client
    session: Session | None = None
    id: str = ""
    _renewed_at: float = field(default_factory=time.monotonic)

    @property
    def token(self) -> str | None:
        """An access token that lives for some time yet, however long the tests take."""
        if self.session is None:
            return None
        if time.monotonic() - self._renewed_at > TOKEN_KEPT_S:
            self.session.renew()
            self._renewed_at = time.monotonic()
        return self.session.access_token

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as this caller."""
        headers = dict(options.pop("headers", {}))
        if token := self.token:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(method, path, headers=headers, **options)

    def submit(self, *, key: str | None = None, **body: Any) -> httpx.Response:
        """Ask for a transaction; in euros unless told otherwise."""
        return self.call(
            "POST",
            "/api/v1/transactions",
            json={"currency": "EUR", **body},
            headers={"Idempotency-Key": key or str(uuid7())},
        )

    def command(self, path: str, *, key: str | None = None, **body: Any) -> httpx.Response:
        """Ask for something to be done with a transaction; `path` is `/{id}/capture` or alike."""
        return self.call(
            "POST",
            f"/api/v1/transactions{path}",
            json=body,
            headers={"Idempotency-Key": key or str(uuid7())},
        )

    def outcome(self, transaction_id: str) -> dict[str, Any]:
        """Wait until a transaction is settled."""

        def look() -> dict[str, Any] | None:
            found = self.call("GET", f"/api/v1/transactions/{transaction_id}").json()
            return found if found["status"] in TERMINAL else None

        return wait_for(f"the outcome of {transaction_id}", look)

    def balance(self, currency: str = "EUR") -> int:
        """The posted balance in minor units; 0 without a wallet."""
        accounts = self.call("GET", "/api/v1/accounts").json()["data"]
        return next((a["balance"]["posted"] for a in accounts if a["currency"] == currency), 0)


def http_client(base_url: str = "", **options: Any) -> httpx.Client:
    """
    A client without the environment's proxies.

    There are hundreds in a run, so none reads the trusted certificates again.
    """
    settings = {"timeout": 15, "trust_env": False, "verify": trusted(), **options}
    return httpx.Client(base_url=base_url, **settings)


def gateway() -> ApiClient:
    """The public API of the started stack, for as long as the tests run."""
    return ApiClient(os.environ["GATEWAY_URL"])


def anybody() -> Caller:
    """A caller without a token."""
    return Caller(http_client(os.environ["GATEWAY_URL"]))


def sign_up() -> Caller:
    """A new account, signed in."""
    return caller_of(gateway().sign_up(f"person-{uuid7()}@example.com", PASSWORD))


def treasury() -> Caller:
    """The demo treasury, signed in."""
    password = os.environ["DEMO_TREASURY_PASSWORD"]
    return caller_of(gateway().sign_in("treasury@example.com", password))


def caller_of(session: Session) -> Caller:
    """Whoever is signed in with the library, as a caller."""
    caller = anybody()
    caller.session, caller.id = session, str(session.user_id)
    return caller
