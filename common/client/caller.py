"""Sends requests as somebody: with their token, and with a new one when that is over."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import httpx

from common.client.errors import RequestRefused
from common.client.reading import read
from common.client.representations import Page, SignedIn, Statement
from common.client.tokens import Tokens
from common.client.transport import KEY_HEADER, Call, Transport
from common.ids import uuid7

Value = TypeVar("Value")
Row = TypeVar("Row")
Paged = TypeVar("Paged", Page[Any], Statement)
Query = Mapping[str, str | datetime | None]

LIMIT = 100
"""How many rows a page may have."""


class Caller:
    """Somebody who is signed in, on the wire."""

    def __init__(self, transport: Transport, signed_in: SignedIn) -> None:
        self.transport = transport
        self.tokens = Tokens(transport, signed_in)

    @property
    def credentials(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.tokens.access}"}

    def send(self, call: Call) -> httpx.Response:
        """Send as `Transport.send`, and again with new tokens if the access token is over."""
        credentials = self.credentials
        try:
            return self.transport.send(_with(call, credentials))
        except RequestRefused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
        self.tokens.renew(stale=credentials["Authorization"].removeprefix("Bearer "))
        return self.transport.send(_with(call, self.credentials))

    def get(
        self,
        path: str,
        kind: type[Value],
        query: Query | None = None,
        within_s: float | None = None,
    ) -> Value:
        """Read one thing."""
        call = Call("GET", path, query=_given(query or {}), within_s=within_s)
        return read(self.send(call), kind)

    def order(
        self, path: str, body: Mapping[str, Any], kind: type[Value], *, key: str | None, wait_s: int
    ) -> Value:
        """Ask for something under a key, and let the answer wait for the outcome so long."""
        headers = {KEY_HEADER: key or str(uuid7())}
        if wait_s:
            headers["Prefer"] = f"wait={wait_s}"
        call = Call("POST", path, json=_given(body), headers=headers, waits_s=wait_s)
        return read(self.send(call), kind)

    def pages(self, path: str, query: Query, kind: type[Paged]) -> Iterator[Paged]:
        """Read a list page by page, each when it is wanted."""
        cursor: str | None = None
        while True:
            page = self.get(path, kind, {**query, "limit": str(LIMIT), "cursor": cursor})
            yield page
            if not page.has_more:
                return
            cursor = page.next_cursor

    def rows(self, path: str, query: Query, kind: type[Page[Row]]) -> Iterator[Row]:
        """Read a list row by row."""
        for page in self.pages(path, query, kind):
            yield from page.data


def _with(call: Call, headers: Mapping[str, str]) -> Call:
    return replace(call, headers={**call.headers, **headers})


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    """Those that have a value, as text has moments."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in members.items()
        if value is not None
    }
