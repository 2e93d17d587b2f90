"""The tokens of one sign-in, renewed once for all threads that share it."""

import threading

import msgspec

from common.client.errors import NoAnswer, RequestRefused, ServiceUnavailable, SignedOut
from common.client.reading import read
from common.client.representations import SignedIn
from common.client.transport import TOO_FAST, Call, Transport

_REFRESH = "/auth/tokens/refresh"
_SESSION_HEADER = "X-Session-Token"


class _Pair(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str


class _Refreshed(msgspec.Struct, frozen=True):
    """How a refresh is answered; the shape is allauth's."""

    data: _Pair


class Tokens:
    """
    Access tokens live minutes; each comes with a refresh token, which is good for one use.

    Using one twice ends the sign-in, as a stolen one would. So it is forgotten as soon as it may
    have arrived, and no request is sent with it again.
    """

    def __init__(self, transport: Transport, signed_in: SignedIn) -> None:
        self._transport = transport
        self._access = signed_in.access_token
        self._refresh: str | None = signed_in.refresh_token
        self._session = signed_in.session_token
        self._renewing = threading.Lock()

    @property
    def access(self) -> str:
        """The newest access token, which may be over."""
        return self._access

    def renew(self, *, stale: str) -> str:
        """
        Return an access token newer than `stale`, of another thread's making if there is one.

        Raises:
            SignedOut: there can be none any more.
            ServiceUnavailable, NoAnswer: nobody knows whether the refresh token was used.
        """
        with self._renewing:
            if self._access != stale:
                return self._access
            refresh, self._refresh = self._refresh, None
            if refresh is None:
                raise SignedOut("the refresh token was used, and no answer came; sign in again")
            self._access, self._refresh = self._exchange(refresh)
            return self._access

    def end(self) -> None:
        """End the sign-in for good. Raises as `Transport.send`, and then it may live on."""
        with self._renewing:
            self._refresh = None
            try:
                self._transport.send(
                    Call("DELETE", "/auth/session", headers={_SESSION_HEADER: self._session})
                )
            except RequestRefused as refused:
                # allauth answers 401 when it has ended a session, and 410 when it was over before.
                if isinstance(refused, ServiceUnavailable):
                    raise

    def _exchange(self, refresh: str) -> tuple[str, str]:
        call = Call("POST", _REFRESH, json={"refresh_token": refresh}, may_repeat=False)
        try:
            found = read(self._transport.send(call), _Refreshed).data
        except ServiceUnavailable as failed:
            if failed.status == TOO_FAST:
                self._refresh = refresh
            raise
        except RequestRefused as refused:
            raise SignedOut("the sign-in is over; sign in again") from refused
        except NoAnswer as failed:
            if not failed.may_have_arrived:
                self._refresh = refresh
            raise
        return found.access_token, found.refresh_token
