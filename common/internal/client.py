"""Asks the other service; waits two seconds for a connection and ten for an answer."""

import json
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec
from django.conf import settings

from common.internal.contracts import (
    AnnouncedPage,
    AskedPage,
    DecisionPage,
    KeptSealPage,
    StaffPage,
    StandingPage,
)
from common.internal.parameters import IDS_MAX

_CONNECT_S = 2.0
_READ_S = 10.0
_ANSWER_MAX = 16 * 1024 * 1024
_OK = 200
_DENIED = (401, 403)

Decoded = TypeVar("Decoded", bound=msgspec.Struct)
Answer = TypeVar("Answer", StandingPage, DecisionPage, AskedPage, AnnouncedPage, StaffPage)
Page = TypeVar("Page", StandingPage, DecisionPage, AskedPage, KeptSealPage, AnnouncedPage)


class PeerAway(Exception):
    """The other service gave no answer that can be used; trying again later may help."""


class PeerDenied(PeerAway):
    """The other service does not take our secret; only its settings or ours can help."""


def peer_ask(
    path: str, ids: Sequence[UUID], page: type[Answer], *, read_s: float = _READ_S
) -> Answer:
    """
    Ask `/internal/v1/<path>/query` about ids, at most 1,000; `read_s` is how long it may think.

    Raises:
        PeerAway: it does not answer, or not what was agreed.
        PeerDenied: it does not take our secret.
    """
    body = json.dumps({"ids": [str(one) for one in ids]}).encode()
    return _decode(_call("POST", f"{path}/query", body, read_s=read_s), page)


def peer_pages(
    path: str,
    page: type[Page],
    *,
    after: UUID | int | None = None,
    until: UUID | None = None,
    url: str | None = None,
) -> Iterator[Page]:
    """
    Read everything below `/internal/v1/<path>` by keyset pages. Raises as `peer_ask`.

    `url` is where the other service is asked instead of where the settings say.
    """
    while True:
        query = {"limit": IDS_MAX, "after": after, "until": until}
        known = urlencode({name: value for name, value in query.items() if value is not None})
        found = _decode(_call("GET", f"{path}?{known}", url=url), page)
        yield found
        if found.after is None:
            return
        after = found.after


def _call(
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    url: str | None = None,
    read_s: float = _READ_S,
) -> bytes:
    peer = settings.PEER if url is None else {**settings.PEER, "URL": url}
    headers = {
        "Authorization": f"Bearer {peer['SECRET_SHOWN']}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    try:
        connection = _connection(peer["URL"])
        try:
            connection.connect()
            connection.sock.settimeout(read_s)
            prefix = urlsplit(peer["URL"]).path.rstrip("/")
            connection.request(method, f"{prefix}/internal/v1/{path}", body=body, headers=headers)
            answer = connection.getresponse()
            status, content = answer.status, answer.read(_ANSWER_MAX)
        finally:
            connection.close()
    except (OSError, HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise PeerAway(f"{peer['NAME']} does not answer at {peer['URL']}: {reason}") from error
    if status in _DENIED:
        raise PeerDenied(f"{peer['NAME']} does not take our secret ({peer['SECRET_NAME']})")
    if status != _OK:
        raise PeerAway(f"{peer['NAME']} answered {status} to {path.partition('?')[0]}")
    return content


def _connection(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_CONNECT_S)


def _decode(content: bytes, page: type[Decoded]) -> Decoded:
    try:
        return msgspec.json.decode(content, type=page)
    except msgspec.MsgspecError as error:
        name: Any = settings.PEER["NAME"]
        raise PeerAway(f"{name} answered something else than was agreed: {error}") from error
