"""A service as the gateway sees it: records every request and echoes it."""

import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

JWKS_PATH = "/.well-known/jwks.json"


@dataclass(frozen=True)
class Seen:
    """One request that reached a service; header names are lower case, in order."""

    service: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass
class Upstream:
    """
    One service on a free port, for as long as the `with` block lasts.

    `x-test-upstream` in a request asks for a behaviour: `reset` closes the connection after the
    request was read, `hang` never answers, `banner` adds headers that no client should see,
    `cached` sets its own cache policy. `jwks` is what it publishes, or `None` for a 503.
    """

    name: str
    jwks: dict[str, Any] | None = None
    seen: list[Seen] = field(default_factory=list)
    key_requests: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Upstream":
        handler = type("Handler", (_Handler,), {"upstream": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def requests(self, test_id: str) -> list[Seen]:
        """What arrived of the client request that was sent with this id."""
        return [seen for seen in self.seen if test_id in seen.all("x-test-id")]


class _Handler(BaseHTTPRequestHandler):
    upstream: ClassVar[Upstream]
    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        target = self.requestline.split(" ")[1]
        seen = Seen(self.upstream.name, self.command, target, headers, body)
        if target == JWKS_PATH and "x-test-id" not in self.headers:
            self._send_keys()
            return
        self.upstream.seen.append(seen)
        self._behave(self.headers.get("x-test-upstream", ""), seen)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _answer  # noqa: N815

    def _behave(self, behaviour: str, seen: Seen) -> None:
        if behaviour == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        if behaviour == "hang":
            self.upstream.closing.wait(10)
            self.close_connection = True
            return
        self._send(200, seen.__dict__ | {"body": seen.body.decode("latin-1")}, behaviour)

    def _send_keys(self) -> None:
        keys = self.upstream.jwks
        self.upstream.key_requests += 1
        self._send(503 if keys is None else 200, keys or {}, "")

    def _send(self, status: int, document: dict[str, Any], behaviour: str) -> None:
        content = json.dumps(document).encode()
        self.send_response_only(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if behaviour == "banner":
            self.send_header("server", "secret/1.2")
            self.send_header("x-powered-by", "secret")
            self.send_header("set-cookie", "a=b")
            self.send_header("x-content-type-options", "sniff")
        if behaviour == "cached":
            self.send_header("cache-control", "max-age=60")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing; the tests read `seen`."""
