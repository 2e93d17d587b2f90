"""Sends requests, and sends them again where that is safe and may help."""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from common.client.errors import ClientError, NoAnswer, RequestRefused, ServiceUnavailable
from common.client.problems import problem_of
from common.client.retrying import LATER, Deadline, Retrying

KEY_HEADER = "Idempotency-Key"
API = "/api/v1"
TOO_FAST = 429
_SERVER_ERROR = 500
# Nothing of the request has left us.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Call:
    """
    A request below `/api/v1`.

    `may_repeat`: whether doing it twice is as good as once, as by its method or by its key; else it
    is sent again only if it cannot have arrived. `waits_s` is for how long the server may hold its
    answer back; `within_s` ends the tries earlier than usual.
    """

    method: str
    path: str
    json: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    may_repeat: bool = True
    waits_s: float = 0.0
    within_s: float | None = None

    @property
    def key(self) -> str | None:
        """The idempotency key that it is sent under."""
        return self.headers.get(KEY_HEADER)


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates count; read once, because that takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


class Transport:
    """Connections to one API; several threads may share it."""

    def __init__(self, base_url: str, *, retrying: Retrying, answer_within_s: float) -> None:
        # No proxy of the environment may see tokens unless its address is the one given here.
        self._http = httpx.Client(base_url=base_url.rstrip("/"), trust_env=False, verify=trusted())
        self._retrying = retrying
        self._answer_within_s = answer_within_s

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def send(self, call: Call) -> httpx.Response:
        """
        Send until there is an answer of success, and return that.

        Raises:
            RequestRefused: 4xx, at once.
            ServiceUnavailable: 5xx or 429; what may be sent again was, until the deadline.
            NoAnswer: the same for connections that gave none.
        """
        within_s = self._retrying.deadline_s + call.waits_s
        deadline = Deadline(within_s if call.within_s is None else min(call.within_s, within_s))
        tries = 0
        while True:
            tries += 1
            headers: Mapping[str, str] = {}
            try:
                answer = self.send_once(call, left_s=deadline.left_s)
                if answer.is_success:
                    return answer
                headers = answer.headers
                failed: ClientError = _failure_of(answer)
            except NoAnswer as error:
                failed = error
            failed.idempotency_key = call.key
            pause_s = self._retrying.pause_s(tries, headers)
            if not _helps_to_repeat(call, failed) or pause_s >= deadline.left_s:
                raise failed
            time.sleep(pause_s)

    def send_once(self, call: Call, *, left_s: float | None = None) -> httpx.Response:
        """Send one time, and return whatever is answered. Raises `NoAnswer`."""
        try:
            return self._http.send(self._request(call, left_s))
        except httpx.TransportError as error:
            raise _no_answer(call, error) from error

    @contextmanager
    def stream(self, call: Call, *, left_s: float) -> Iterator[httpx.Response]:
        """
        Send one time, and give the answer before its body has come.

        Raises `NoAnswer`, also while the body is read.
        """
        try:
            answer = self._http.send(self._request(call, left_s), stream=True)
            try:
                yield answer
            finally:
                answer.close()
        except httpx.TransportError as error:
            raise _no_answer(call, error) from error

    def _request(self, call: Call, left_s: float | None) -> httpx.Request:
        patience_s = self._answer_within_s + call.waits_s
        timeout_s = patience_s if left_s is None else min(patience_s, left_s)
        return self._http.build_request(
            call.method,
            API + call.path,
            json=call.json,
            params=dict(call.query),
            headers=dict(call.headers),
            timeout=timeout_s,
        )


def _no_answer(call: Call, error: httpx.TransportError) -> NoAnswer:
    return NoAnswer(
        f"{call.method} {call.path}: {type(error).__name__} {error}".rstrip(),
        may_have_arrived=not isinstance(error, _NOT_SENT),
    )


def _failure_of(answer: httpx.Response) -> RequestRefused:
    problem = problem_of(answer)
    if answer.status_code >= _SERVER_ERROR or answer.status_code == TOO_FAST:
        return ServiceUnavailable(problem)
    return RequestRefused(problem)


def _helps_to_repeat(call: Call, failed: ClientError) -> bool:
    if isinstance(failed, NoAnswer):
        return call.may_repeat or not failed.may_have_arrived
    if isinstance(failed, ServiceUnavailable):
        # Who is too fast was sent away before anything was done.
        return failed.status in LATER and (call.may_repeat or failed.status == TOO_FAST)
    return False
