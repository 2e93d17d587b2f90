"""What stands where the users service would, and vouches for whom a test says."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

from common.ids import uuid7
from tests.transactions.tokens import SigningKey

CONSOLE = "https://users.example"
CAROL = {
    "sub": str(uuid7()),
    "email": "carol@example.com",
    "name": "Carol",
    "roles": ["operator"],
    "stamp": "a",
}


class UsersConsole:
    """
    Gives an id_token of `claims` for any code, and answers with `told` when it is asked later.

    With `away`, it says what no service of ours says; `asked` counts the questions.
    """

    def __init__(self, key: SigningKey) -> None:
        self.key = self.signs_with = key
        self.claims: dict[str, Any] = {}
        self.told: list[dict[str, Any]] = [CAROL]
        self.away = False
        self.asked = 0
        self.url = ""

    def id_token(self) -> str:
        return jwt.encode(
            self.claims, self.signs_with.private, algorithm="RS256", headers={"kid": self.key.kid}
        )

    def answer(self, path: str) -> dict[str, Any] | None:
        if self.away:
            return None
        if path == "/jwks":
            return {"keys": [self.key.jwk()]}
        if path == "/sign-on/token":
            return {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token()}
        if path == "/internal/v1/staff/query":
            self.asked += 1
            return {"data": self.told}
        return None

    @contextmanager
    def serving(self) -> Iterator["UsersConsole"]:
        console = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = console.answer(self.path)
                body = json.dumps(found).encode()
                self.send_response(503 if found is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def claims(*, nonce: str | None, **members: Any) -> dict[str, Any]:
    """What the users console signs of Carol; what is not said is right, None leaves one out."""
    now = int(time.time())
    right = {
        "iss": f"{CONSOLE}/sign-on",
        "aud": "transactions-console",
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid7()),
        "nonce": nonce,
        "amr": ["mfa"],
        **CAROL,
    }
    return {name: value for name, value in {**right, **members}.items() if value is not None}
