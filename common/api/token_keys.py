"""Public keys that access tokens are verified with, by `kid`."""

import json
import threading
import time
import urllib.request
from functools import cache
from http.client import HTTPException
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.utils.module_loading import import_string
from jwt import PyJWK, PyJWKSet, PyJWTError

from common.errors import Unavailable

log = structlog.get_logger(__name__)

_FRESH_S = 60.0
_RETRY_S = 1.0
_TIMEOUT_S = 2.0


class KeysUnavailable(Unavailable):
    """No public key could be fetched yet, so no token can be judged."""

    title = "Tokens cannot be checked at the moment"
    when = "The keys that tokens are checked with are not known yet."
    remedy = "Repeat the request with the same idempotency key after `Retry-After` seconds."


class TokenKeys(Protocol):
    """A source of verifying keys."""

    def find(self, kid: str) -> Any | None:
        """The key of that id, or None when no live key has it. Raises `KeysUnavailable`."""


class RemoteKeys:
    """
    Keys fetched from `settings.USERS_JWKS_URL` and kept for a minute.

    A `kid` that is not among them asks again at most once a second, so that a new key works at
    once and forged ids cannot make us hammer the other service. When the other service does
    not answer, the keys we have stay good, and nobody who has one waits for it but the request
    that asks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = -_FRESH_S
        self._tried_at = -_RETRY_S

    def find(self, kid: str) -> Any | None:
        key = self._keys.get(kid)
        age = time.monotonic() - self._fetched_at
        if key is None or age > _FRESH_S:
            self._refresh(wait=key is None)
            key = self._keys.get(kid)
        if not self._keys:
            raise KeysUnavailable
        return key.key if key else None

    def _refresh(self, *, wait: bool) -> None:
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if time.monotonic() - self._tried_at >= _RETRY_S:
                self._ask()
        finally:
            self._lock.release()

    def _ask(self) -> None:
        try:
            keys = _fetch(settings.USERS_JWKS_URL)  # type: ignore[misc]  # not set in users
        except (OSError, ValueError, HTTPException, PyJWTError) as error:
            log.warning("keys_not_fetched", error=str(error), kind=type(error).__name__)
        else:
            self._keys = {key.key_id: key for key in keys if key.key_id}
            self._fetched_at = time.monotonic()
        # Counted from the end: whoever waited meanwhile must not ask again one by one.
        self._tried_at = time.monotonic()


def _fetch(url: str) -> list[PyJWK]:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310  the URL is a setting
        document = json.load(response)
    if not isinstance(document, dict):
        raise ValueError("the answer is not a JSON object")  # noqa: TRY004  as bad as no JSON
    return PyJWKSet.from_dict(document).keys


@cache
def token_keys() -> TokenKeys:
    """This process's source of keys, as `settings.TOKEN_KEYS` names it."""
    keys: TokenKeys = import_string(settings.TOKEN_KEYS)()
    return keys
