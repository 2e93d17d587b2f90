"""The public API as a client sees it, for the demo."""

import time
import uuid
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from compose.local.errors import OperatorError

ANSWER_WAIT_S = 10
OUTCOME_WAIT_S = 20
PAUSE_S = 0.02


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: str
    email: str
    token: str


class ApiClient:
    """
    Calls the API below one base URL.

    Raises:
        OperatorError: from every method, when the answer is not the expected one.
    """

    def __init__(self, base_url: str) -> None:
        # No proxy of the environment stands between us and our own machine.
        self._http = httpx.Client(base_url=base_url, timeout=ANSWER_WAIT_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def sign_up(self, email: str, password: str) -> Person:
        """Make an account and return it signed in."""
        return self._session("signup", email, password)

    def log_in(self, email: str, password: str) -> Person:
        """Return an existing account signed in."""
        return self._session("login", email, password)

    def submit(self, asker: Person, body: dict[str, object]) -> dict[str, Any]:
        """Ask for a transaction and return its representation."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self._call(
            "POST", "/api/v1/transactions", asker, expected=202, json=body, headers=headers
        )

    def command(
        self, asker: Person, transaction_id: str, name: str, body: dict[str, object]
    ) -> dict[str, Any]:
        """Ask for a capture, a void or a reversal, and return the command's representation."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        path = f"/api/v1/transactions/{transaction_id}/{name}"
        return self._call("POST", path, asker, expected=202, json=body, headers=headers)

    def outcome(self, asker: Person, transaction_id: str) -> dict[str, Any]:
        """Return the transaction once the ledger has decided: settled, or held."""
        return self._decided(asker, f"/api/v1/transactions/{transaction_id}")

    def command_outcome(
        self, asker: Person, transaction_id: str, command_id: str
    ) -> dict[str, Any]:
        """Return the command once the ledger has decided."""
        return self._decided(asker, f"/api/v1/transactions/{transaction_id}/commands/{command_id}")

    def ledger_transaction(self, asker: Person, transaction_id: str) -> dict[str, Any]:
        """Return what the ledger holds of a transaction."""
        return self._call("GET", f"/api/v1/ledger/transactions/{transaction_id}", asker)

    def balance(self, person: Person, currency: str) -> int:
        """Return the posted balance in minor units, 0 where there is no account yet."""
        accounts = self._call("GET", "/api/v1/accounts", person)["data"]
        balances = [each["balance"] for each in accounts if each["currency"] == currency]
        return int(balances[0]["posted"]) if balances else 0

    def _decided(self, asker: Person, path: str) -> dict[str, Any]:
        deadline = time.monotonic() + OUTCOME_WAIT_S
        while time.monotonic() < deadline:
            found = self._call("GET", path, asker)
            if found["status"] != "pending":
                return found
            time.sleep(PAUSE_S)
        raise OperatorError(
            f"{path} is still pending after {OUTCOME_WAIT_S} seconds; "
            "./manage_all.sh status shows where it waits"
        )

    def _session(self, what: str, email: str, password: str) -> Person:
        body = {"email": email, "password": password}
        answer = self._call("POST", f"/api/v1/auth/{what}", None, json=body)
        return Person(
            id=str(answer["data"]["user"]["id"]), email=email, token=answer["meta"]["access_token"]
        )

    def _call(
        self, method: str, path: str, person: Person | None, expected: int = 200, **options: Any
    ) -> dict[str, Any]:
        headers = dict(options.pop("headers", {}))
        if person:
            headers["Authorization"] = f"Bearer {person.token}"
        answer = self._http.request(method, path, headers=headers, **options)
        if answer.status_code != expected:
            raise OperatorError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found
