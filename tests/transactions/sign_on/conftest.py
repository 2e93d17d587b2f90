"""A users console, and somebody who comes back from it."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.transactions.sign_on.users_console import CONSOLE, UsersConsole, claims


@pytest.fixture
def users(settings, signing_key) -> Iterator[UsersConsole]:
    with UsersConsole(signing_key).serving() as console:
        settings.TWIN_CONSOLE_URL = CONSOLE
        settings.USERS_JWKS_URL = f"{console.url}/jwks"
        settings.PEER = {**settings.PEER, "URL": console.url}
        yield console


@pytest.fixture
def sign_on(client, users) -> Callable[..., Any]:
    """Go there and come back as Carol; with members of the token that are otherwise."""

    def go(**members: Any) -> Any:
        away = client.post("/admin/sign-on/", {"next": "/admin/"})["Location"]
        query = dict(parse_qsl(urlsplit(away).query))
        users.claims = claims(**{"nonce": query["nonce"], **members})
        back = {"code": "a-code", "state": query["state"]}
        return client.get("/admin/sign-on/callback/", back, follow=True)

    return go


@pytest.fixture
def is_in(client) -> Callable[[], bool]:
    return lambda: bool(client.get("/admin/").status_code == 200)
