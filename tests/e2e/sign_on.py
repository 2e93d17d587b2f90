"""A browser without a window, in front of both consoles: cookies are shared, as by a real one."""

import base64
import os
import re
import secrets
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from common.ids import uuid7
from common.staff.sign_on import AUTHORIZE_PATH, CALLBACK_PATH, CLIENT_ID, SCOPE, TOKEN_PATH
from compose.local import manage
from compose.local.stack import stack_from
from tests.e2e.client import PASSWORD, http_client

USERS = os.environ["USERS_CONSOLE_URL"]
TRANSACTIONS = os.environ["TRANSACTIONS_CONSOLE_URL"]
CALLBACK = f"{TRANSACTIONS}{CALLBACK_PATH}"
CLIENT = (CLIENT_ID, os.environ["STAFF_SIGN_ON_SECRET"])


def staff_make(role: str) -> str:
    """The address of somebody new of staff in the users console, with one role."""
    address = f"{role}-{uuid7()}@example.com"
    stack = stack_from({**os.environ, "STAFF_PASSWORD": PASSWORD})
    manage.run(stack, "users", "create_staff", address, "--role", role)
    return address


class Window:
    """One browser; it follows no redirect that it is not told to."""

    def __init__(self) -> None:
        self.http = http_client()

    def sign_in(self, console: str, address: str, password: str = PASSWORD) -> httpx.Response:
        """Fill the form of a console in, which has been opened before or not."""
        return self._send(console, "login-form", username=address, password=password)

    def leave(self) -> str:
        """Press the button of the console of transactions; where it leads to."""
        answer = self._send(TRANSACTIONS, "sign-on-form")
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def code(self, authorize: str) -> str:
        """Have the users console send the browser back; the address with the code."""
        answer = self.http.get(authorize)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def sign_on(self) -> httpx.Response:
        """All of it, for who is signed in to the users console; the page at the end of it."""
        return self.http.get(self.code(self.leave()), follow_redirects=True)

    def forget(self, console: str) -> None:
        """Be nobody in a console again, as in a browser that has just been started."""
        service = "users" if console == USERS else "transactions"
        self.http.cookies.delete(f"{service}_session")

    def home(self) -> int:
        return self.http.get(f"{TRANSACTIONS}/admin/").status_code

    def _send(self, console: str, form: str, **members: str) -> httpx.Response:
        page = self.http.get(f"{console}/admin/login/")
        found = re.search(
            rf'<form action="([^"]+)" method="post" id="{form}">.*?</form>', page.text, re.S
        )
        assert found, page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', found[0])
        assert token
        return self.http.post(
            f"{console}{unescape(found[1])}",
            data={"csrfmiddlewaretoken": token[1], **members},
            headers={"Referer": f"{console}/admin/login/"},
        )


def changed(address: str, **members: str | None) -> str:
    """An address with other members in its query; None leaves one out."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **members}
    left = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(left)))


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


class Flow:
    """A sign-on that a client begins by itself, knowing its own verifier."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.verifier = secrets.token_urlsafe(48)
        digest = sha256(self.verifier.encode()).digest()
        self.nonce = secrets.token_urlsafe(32)
        self.address = f"{USERS}{AUTHORIZE_PATH}?" + urlencode(
            {
                "client_id": CLIENT_ID,
                "redirect_uri": CALLBACK,
                "response_type": "code",
                "scope": SCOPE,
                "state": secrets.token_urlsafe(32),
                "nonce": self.nonce,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )

    def code(self) -> str:
        return query_of(self.window.code(self.address))["code"]

    def exchange(
        self, code: str, *, client: tuple[str, str] = CLIENT, **members: str
    ) -> httpx.Response:
        """Show a code; what is not said is right."""
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **members,
        }
        with http_client() as server:  # which has none of the browser's cookies
            return server.post(f"{USERS}{TOKEN_PATH}", data=body, auth=client)
