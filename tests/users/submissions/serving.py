"""A real web process of users on the test database, under either server."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.db import connection

from common.client.transport import trusted
from tests.e2e.client import wait_for

_END_S = 30
_APPLICATION = "users.wsgi:application"
SERVERS = ("gunicorn", "granian")


@dataclass(frozen=True)
class WebProcess:
    """Where it listens, and the process itself."""

    url: str
    process: "subprocess.Popen[bytes]"

    def end(self) -> int:
        """Ask it to end as a supervisor does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_END_S)


@contextmanager
def web_process(server: str, *, signing_keys: object, threads: int) -> Iterator[WebProcess]:
    """Serve until the block ends."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *_command(server, port, threads)],
        cwd=settings.ROOT,
        env=_environment(signing_keys, threads),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{server} is ready", lambda: _is_ready(url), deadline_s=60)
        yield WebProcess(url, process)
    finally:
        process.terminate()
        process.wait(_END_S)


def _command(server: str, port: int, threads: int) -> list[str]:
    if server == "gunicorn":
        bind = ["--bind", f"127.0.0.1:{port}"]
        return ["gunicorn", _APPLICATION, "--config", "common/gunicorn.conf.py", *bind]
    return [
        *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(threads), _APPLICATION),
    ]


def _environment(signing_keys: object, threads: int) -> dict[str, str]:
    """What a web process gets, with the test database in place of its own."""
    url = urlsplit(os.environ["USERS_MIGRATION_DATABASE_URL"])
    taken = {name: value for name, value in os.environ.items() if name != "DATABASE_ROLE"}
    return {
        **taken,
        "DJANGO_SETTINGS_MODULE": "users.settings.production",
        "USERS_DATABASE_URL": urlunsplit(url._replace(path=connection.settings_dict["NAME"])),
        "USERS_SIGNING_KEYS_DIR": str(signing_keys),
        "OUTBOX_PUBLISH": "false",
        # No stream ends because its time is over.
        "USERS_EVENT_STREAM_MAX_S": "3600",
        "WEB_THREADS": str(threads),
    }


def _is_ready(url: str) -> bool | None:
    try:
        answer = httpx.get(f"{url}/healthz/ready", trust_env=False, verify=trusted())
    except httpx.HTTPError:
        return None
    return answer.status_code == 200 or None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
