"""
Who sends the requests of a fuzzing run, and about what: loaded by schemathesis.

Most come from an ordinary user with money, some from the treasury. What ends sessions or the
account is asked by people of their own, or nobody else would get any further.
"""

import time
from collections.abc import Callable
from functools import cache
from itertools import count
from threading import Lock
from typing import Any

import schemathesis
from httpx import TransportError
from schemathesis import AuthContext, Case, HookContext

from common.client import ClientError
from tests.e2e.client import (
    PASSWORD,
    TOKEN_KEPT_S,
    Caller,
    caller_of,
    gateway,
    sign_up,
    treasury,
    wait_for,
)

TOKEN_S = TOKEN_KEPT_S - 20
"""Before a caller would renew its token by itself: threads share one, and renewing works once."""
SIGN_IN_S = 60
"""Hashing passwords is slow, and everybody does it at once."""
TREASURY_EACH = 4
AUTH = r"^/api/v1/auth/"
SIGNED_IN = r"^/api/v1/auth/(account/|reauthenticate|email/verify/resend)"
ENDING = r"^/api/v1/(auth/sessions?|users/me/close)$"
"""What may end a session or an account."""


class Renewed:
    """A caller that is signed in again before its token is over."""

    def __init__(self, sign_in: Callable[[], Caller], life_s: float = TOKEN_S) -> None:
        self._sign_in = sign_in
        self._life_s = life_s
        self._caller: Caller | None = None
        self._until = 0.0
        self._signing_in = Lock()

    def get(self) -> Caller:
        """Somebody whose token is good for a while."""
        with self._signing_in:
            if self._caller is None or time.monotonic() > self._until:
                self._caller = wait_for("signing in", self._try, deadline_s=SIGN_IN_S)
                self._until = time.monotonic() + self._life_s
            return self._caller

    def _try(self) -> Caller | None:
        try:
            return self._sign_in()
        except (AssertionError, ClientError, TransportError):
            return None


class World:
    """What there is to ask about: two people, money, transactions, commands and a wallet."""

    def __init__(self) -> None:
        self.bank, self.alice, self.bob = treasury(), sign_up(), sign_up()
        self.email = self.alice.call("GET", "/api/v1/users/me").json()["email"]
        deposit = self._id(self.bank.submit(kind="deposit", amount=10**12, user=self.alice.id))
        self.bank.outcome(deposit)
        paid = self._paid()
        self.alice.outcome(paid)
        held = [self._paid(capture="manual") for _ in range(3)]
        captured = self.alice.command(f"/{held[0]}/capture", amount=5)
        wallets = self.alice.call("GET", "/api/v1/accounts").json()["data"]
        self.known = {
            "transaction_id": [paid, *held],
            "command_id": [self._id(captured)],
            "account_id": [wallet["id"] for wallet in wallets],
            "counterparty": [self.bob.id],
            "user": [self.alice.id],
        }

    def _paid(self, **more: Any) -> str:
        body = {"kind": "transfer", "amount": 10, "counterparty": self.bob.id, **more}
        return self._id(self.alice.submit(**body))

    @staticmethod
    def _id(answer: Any) -> str:
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def sign_in_alice(self) -> Caller:
        """Alice with another token."""
        return caller_of(gateway().sign_in(self.email, PASSWORD))


_BUILDING = Lock()


def world() -> World:
    """The world of this run, made once whoever asks first."""
    with _BUILDING:
        return _world()


@cache
def _world() -> World:
    return World()


_SPENDING = Renewed(lambda: world().sign_in_alice())
_TREASURY = Renewed(treasury)
_VISITING = Renewed(sign_up)
_LEAVING = Renewed(sign_up, life_s=3)


class _Bearing:
    """Sends an access token; who has it is for the classes below."""

    def set(self, case: Case, data: str, context: AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.auth(refresh_interval=None).skip_for(path_regex=f"{AUTH}|{ENDING}")
class Staying(_Bearing):
    """Alice, and now and then the treasury."""

    _asked = count(1)

    def get(self, case: Case, context: AuthContext) -> str | None:
        renewed = _SPENDING if next(self._asked) % TREASURY_EACH else _TREASURY
        return renewed.get().token


@schemathesis.auth(refresh_interval=None).apply_to(path_regex=SIGNED_IN)
class Visiting(_Bearing):
    """Somebody whose account may change; everything else below /auth is asked by nobody."""

    def get(self, case: Case, context: AuthContext) -> str | None:
        return _VISITING.get().token


@schemathesis.auth(refresh_interval=None).apply_to(path_regex=ENDING)
class Leaving(_Bearing):
    """Somebody new every few seconds."""

    def get(self, case: Case, context: AuthContext) -> str | None:
        return _LEAVING.get().token


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: Any) -> Any:
    """Three of four ids are some that exist."""
    return _known(path_parameters)


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """As `map_path_parameters`."""
    return _known(body) if isinstance(body, dict) else body


def _known(values: Any) -> Any:
    if not values:
        return values
    return {name: _one_of_ours(name, value) for name, value in values.items()}


def _one_of_ours(name: str, value: Any) -> Any:
    there = world().known.get(name)
    if not there or not isinstance(value, str) or len(value) != len(there[0]):
        return value
    # Chosen by the value itself, so that a case that is tried again is the same.
    number = sum(value.encode("utf-8", "surrogatepass"))
    return there[number // 4 % len(there)] if number % 4 else value
