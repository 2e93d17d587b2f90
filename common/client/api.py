"""Where a client begins: an address, and somebody who signs in there."""

from types import TracebackType
from typing import Self
from uuid import UUID

import httpx
import msgspec

from common.client.errors import RequestRefused, SignInIncomplete
from common.client.reading import read
from common.client.representations import SignedIn
from common.client.retrying import Retrying
from common.client.session import Session
from common.client.transport import Call, Transport


class _User(msgspec.Struct, frozen=True):
    id: UUID


class _Data(msgspec.Struct, frozen=True):
    user: _User


class _Meta(msgspec.Struct, frozen=True):
    session_token: str
    access_token: str
    refresh_token: str


class _SignedIn(msgspec.Struct, frozen=True):
    """How a sign-in is answered; the shape is allauth's."""

    data: _Data
    meta: _Meta


class ApiClient:
    """
    The API at `base_url`, such as `http://127.0.0.1:4000`; several threads may share it.

    A try ends after `answer_within_s` seconds without an answer; `retrying` says when the next one
    begins, and when a call gives up.
    """

    def __init__(
        self, base_url: str, *, answer_within_s: float = 10.0, retrying: Retrying | None = None
    ) -> None:
        self._transport = Transport(
            base_url, retrying=retrying or Retrying(), answer_within_s=answer_within_s
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections; sessions made here cannot be used any more."""
        self._transport.close()

    def sign_up(self, email: str, password: str) -> Session:
        """
        Make an account, and sign in to it.

        Raises as `sign_in`. After `NoAnswer` there may be an account or none: `sign_in` tells.
        """
        # A second try would find the address taken, by the first.
        return self._session("signup", email, password, may_repeat=False)

    def sign_in(self, email: str, password: str) -> Session:
        """
        Sign in to an account.

        Raises:
            SignInIncomplete: the address is to be verified first, or a second factor is asked for.
            RequestRefused: not with this address and this password.
            ServiceUnavailable, NoAnswer: not now.
        """
        return self._session("login", email, password, may_repeat=True)

    def _session(self, what: str, email: str, password: str, *, may_repeat: bool) -> Session:
        body = {"email": email, "password": password}
        call = Call("POST", f"/auth/{what}", json=body, may_repeat=may_repeat)
        try:
            answer = self._transport.send(call)
        except RequestRefused as refused:
            if refused.problem.pending:
                raise SignInIncomplete(refused.problem.pending) from refused
            raise
        return Session(self._transport, _signed_in(answer))


def _signed_in(answer: httpx.Response) -> SignedIn:
    found = read(answer, _SignedIn)
    return SignedIn(
        user_id=found.data.user.id,
        session_token=found.meta.session_token,
        access_token=found.meta.access_token,
        refresh_token=found.meta.refresh_token,
    )
