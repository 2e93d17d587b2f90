"""A real HTTP server that answers what it is told to, for tests of the API's client."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What is answered; with `cut` the connection is ended instead, after the request was read."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class ScriptedServer:
    """Answers by `script`, which is called with each request, and keeps what was asked."""

    url: str
    script: Callable[[Asked], Answer]
    asked: list[Asked] = field(default_factory=list)

    def of(self, path: str) -> list[Asked]:
        """Requests for a path below `/api/v1`."""
        return [each for each in self.asked if each.path.partition("?")[0] == f"/api/v1{path}"]


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """Answer one after the other, and with the last for ever."""
    left, lock = list(answers), threading.Lock()

    def script(_: Asked) -> Answer:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


@contextmanager
def serving(script: Callable[[Asked], Answer]) -> Iterator[ScriptedServer]:
    """Serve on a free port while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            asked = Asked(self.command, self.path, dict(self.headers.items()), body)
            server.asked.append(asked)
            answer = server.script(asked)
            if answer.cut:
                self.close_connection = True
                return
            said = (
                answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            )
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(said)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  the server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = ScriptedServer(f"http://127.0.0.1:{http.server_address[1]}", script)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
