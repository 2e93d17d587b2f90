"""Both servers, as real processes: they answer, keep connections, end politely, and come back."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from common import serve
from common.client.transport import trusted
from tests.common.outbox.relays import ROOT, environment
from tests.e2e.client import wait_for

READY_WITHIN_S = 120
END_WITHIN_S = 60
LIVE = "/healthz/live"
LOGIN = (
    b"POST /_allauth/app/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 12\r\n\r\n"
)

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("server", serve.SERVERS),
]


class Web:
    """A web process of the users service on a port of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def is_live(self) -> bool | None:
        """True when it answers, None when it does not."""
        try:
            answer = httpx.get(
                f"http://127.0.0.1:{self.port}{LIVE}", trust_env=False, verify=trusted(), timeout=5
            )
        except httpx.HTTPError:
            return None
        return answer.status_code == 200 or None

    def wait_until_live(self) -> None:
        wait_for("it answers", self.is_live, deadline_s=READY_WITHIN_S)


@contextmanager
def started(server: str) -> Iterator[Web]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "common.serve", "users", "--bind", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env={**environment(), "SERVER": server, "OUTBOX_PUBLISH": "false"},
    )
    web = Web(process, port)
    try:
        web.wait_until_live()
        yield web
    finally:
        workers = web.workers() if process.poll() is None else []
        for one in [process, *workers]:
            one.kill()
        process.wait()


def test_answers_again_on_the_same_connection(server):
    with started(server) as web:
        client = http.client.HTTPConnection("127.0.0.1", web.port)
        client.connect()
        first = client.sock
        for _ in range(3):
            client.request("GET", LIVE)
            answer = client.getresponse()

            assert (answer.status, answer.read()) == (200, b'{"live": true}')
            assert answer.headers["X-Request-Id"]
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert client.sock is first
        client.close()


def test_finishes_the_request_in_hand_before_it_ends(server):
    with started(server) as web, socket.create_connection(("127.0.0.1", web.port)) as client:
        client.sendall(LOGIN + b'{"a"')
        # Another answer shows that the first request has been read as far as it goes.
        assert web.is_live()

        web.process.send_signal(signal.SIGTERM)
        client.sendall(b": 1, 2}}")

        assert client.recv(65536).startswith(b"HTTP/1.1 400")
        assert web.process.wait(END_WITHIN_S) == 0


def test_comes_back_after_a_worker_was_killed(server):
    with started(server) as web:
        (before,) = web.workers()
        before.kill()
        before.wait(END_WITHIN_S)

        web.wait_until_live()
        assert before.pid not in {worker.pid for worker in web.workers()}


def test_leaves_no_worker_behind_when_it_is_killed(server):
    with started(server) as web:
        workers = web.workers()
        assert workers

        web.process.kill()

        _, alive = psutil.wait_procs(workers, timeout=END_WITHIN_S)
        assert not alive


def test_refuses_a_server_that_it_does_not_know(server):
    done = subprocess.run(
        [sys.executable, "-m", "common.serve", "users", "--bind", "127.0.0.1:1"],
        cwd=ROOT,
        env={**os.environ, "SERVER": f"{server}-2"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert f"SERVER must be one of granian, gunicorn, not '{server}-2'" in done.stderr
