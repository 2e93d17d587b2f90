"""
The two systems that the intake bench measures: the stack of the run, and the comparison stack.

Only one of them works at a time. What answers and consumes is stopped while the other one is
measured, so that nothing of it is left but stores without clients.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg

from compose.local import supervisor
from compose.local.environment import service_environment
from compose.local.stack import ROOT, Stack, stack_from
from tests.bench import intake_requests as requests_of
from tests.bench.http_load import Address, closed_loop
from tests.bench.intake_requests import Person
from tests.chaos import killing
from tests.chaos.databases import url_of
from tests.e2e.client import wait_for

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000"))
_REST_WITHIN_S = 300
_LOOK_S = 0.05

# What serves clients and events; the stores stay.
_WORKING = (
    *("gateway", "users-web", "users-consumer", "users-celery"),
    *("transactions-web", "transactions-consumer", "transactions-celery"),
)


class System(Protocol):
    """Something that accepts transactions over HTTP and books them behind."""

    name: str
    address: Address

    def requests(self) -> Iterator[bytes]:
        """New requests without end."""

    def wait_for_rest(self) -> None:
        """Wait until everything that was accepted has reached the other side."""

    def processes(self) -> Mapping[str, Sequence[int]]:
        """The pids of its processes, by the name of what they are."""

    def working(self) -> AbstractContextManager[None]:
        """Work meanwhile, and rest afterwards."""


class Ours:
    """The stack of this run, with everything on."""

    name = "ours"

    def __init__(self) -> None:
        self._stack: Stack = stack_from(os.environ)
        gateway = urlsplit(os.environ["GATEWAY_URL"])
        self.address = gateway.hostname or "", gateway.port or 0
        self.people: list[Person] = []
        self.treasury = self._sign_in()
        self._fund()

    def requests(self, **headers: str) -> Iterator[bytes]:
        """Transfers; access tokens live five minutes, so everybody signs in again before."""
        self._sign_in()
        return requests_of.transfers(self.people, **headers)

    def wait_for_rest(self) -> None:
        """Wait until every request has its outcome and every event has been sent."""
        pending = "SELECT EXISTS (SELECT FROM transaction_request WHERE status = 'pending')"
        unsent = "SELECT EXISTS (SELECT FROM outbox_message WHERE published_at IS NULL)"
        for service, statement in (("users", pending), ("users", unsent), ("transactions", unsent)):
            _wait_while(url_of(service), statement)

    def processes(self) -> Mapping[str, Sequence[int]]:
        seen = supervisor.seen(self._stack)
        return {name: [one.pid] for name, one in sorted(seen.items()) if one.pid}

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work meanwhile, and rest afterwards."""
        self.resume()
        try:
            yield
            self.wait_for_rest()
        finally:
            self.rest()

    def rest(self) -> None:
        """Stop what answers and consumes."""
        self.stop(*_WORKING)

    def resume(self) -> None:
        """Start what rests, and wait until it is ready."""
        for name in _WORKING:
            killing.start(name)
        for name in _WORKING:
            killing.wait_until_back(name)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Let some processes be away meanwhile."""
        self.stop(*names)
        try:
            yield
        finally:
            for name in names:
                killing.start(name)
            for name in names:
                killing.wait_until_back(name)

    def stop(self, *names: str) -> None:
        """Stop some processes and wait until they have ended."""
        supervisor.stop_all(self._stack, names)

    def _sign_in(self) -> Person:
        made = subprocess.run(
            [sys.executable, "-m", "tests.bench.intake_people", str(PEOPLE)],
            cwd=ROOT,
            env={**os.environ, **service_environment(self._stack, "users")},
            capture_output=True,
            text=True,
            check=True,
        )
        treasury, *self.people = (Person(*line.split()) for line in made.stdout.splitlines())
        return treasury

    def _fund(self) -> None:
        deposits = requests_of.deposits(self.treasury, self.people)
        closed_loop(self.address, deposits, connections=8, seconds=_REST_WITHIN_S)
        self.wait_for_rest()


class Comparison:
    """
    The comparison stack in a folder outside of the repository, in one of its two forms.

    Its own script starts and stops it; it uses the broker of this run, so that one broker is
    warm for both.
    """

    address = ("127.0.0.1", 24000)
    _USERS_URL = "postgresql://peer@127.0.0.1:25432/users"

    def __init__(self, folder: Path, name: str, **settings: str) -> None:
        self.name = name
        self._folder = folder
        self._settings = settings

    def requests(self) -> Iterator[bytes]:
        users = [f"00000000-0000-7000-8000-{number:012x}" for number in range(1, PEOPLE + 1)]
        return requests_of.of_comparison(users)

    def wait_for_rest(self) -> None:
        """Wait until its outbox, whose rows go when they were sent, is empty."""
        _wait_while(self._USERS_URL, "SELECT EXISTS (SELECT FROM outbox)")

    def processes(self) -> Mapping[str, Sequence[int]]:
        data = self._folder / "data"
        files = {path.stem: path for path in data.glob("*.pid")} | {
            f"postgres-{path.parent.name.removeprefix('pg_')}": path
            for path in data.glob("pg_*/postmaster.pid")
        }
        pids = {name: int(path.read_text().split()[0]) for name, path in files.items()}
        broker = supervisor.seen(stack_from(os.environ))["kafka"].pid
        return {**{name: [pid] for name, pid in sorted(pids.items())}, "kafka": [broker]}

    @contextmanager
    def working(self) -> Iterator[None]:
        """Run meanwhile."""
        self._script("up")
        try:
            yield
            self.wait_for_rest()
        finally:
            self._script("down")

    def _script(self, verb: str) -> None:
        script = [str(self._folder / "run_peer.sh"), verb]
        broker = {"KAFKA_BROKERS": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
        # What it starts keeps its output open, so that is not waited for.
        subprocess.run(
            script,
            env={**os.environ, **broker, "MODE": "outbox", **self._settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


def comparisons() -> list[Comparison]:
    """Both forms of the comparison stack; none, and a word about it, where it is not."""
    folder = os.environ.get("BENCH_PEER_DIR", "")
    if not folder:
        print("no comparison stack: BENCH_PEER_DIR does not say where it is")
        return []
    path = Path(folder).resolve()
    return [
        Comparison(path, "comparison, ordinary (Prisma transaction)", OUTBOX_WRITE="prisma"),
        Comparison(path, "comparison, hand-tuned (one statement)", OUTBOX_WRITE="sql"),
    ]


def _wait_while(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:

        def at_rest() -> bool | None:
            row = connection.execute(statement).fetchone()
            if row and not row[0]:
                return True
            time.sleep(_LOOK_S)
            return None

        wait_for(f"rest: {statement}", at_rest, deadline_s=_REST_WITHIN_S)
