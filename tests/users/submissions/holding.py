"""What the tests of waiting and of event streams share."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from django.db import connection, connections

from tests.e2e.client import wait_for
from users.submissions import outcome_listener, waiters

NEVER_S = 3600
"""So long that a test would fail of old age."""


@pytest.fixture(autouse=True)
def waiting_room_of_its_own(monkeypatch) -> Iterator[None]:
    """A new waiting room for every test; afterwards nobody waits in it and nobody listens."""
    monkeypatch.setattr(waiters, "_rooms", {})
    monkeypatch.setattr(waiters, "_LINGER_S", 0.0)
    monkeypatch.setattr(outcome_listener, "_LOOK_UP_S", 0.05)
    yield
    for waiting in [*waiters.waiting_room()._waiters.values()]:
        for waiter in [*waiting]:
            waiter.leave()
    wait_for("nobody listens", lambda: True if not listening() else None)


def listening() -> bool:
    return any(thread.name == "outcome-listener" for thread in threading.enumerate())


def waits_for(subject: object) -> bool:
    """Whether somebody in this process waits for news of it."""
    return str(subject) in waiters.waiting_room()._waiters


@contextmanager
def meanwhile(action: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Run something in a thread of its own, with connections of its own, while the block runs."""

    def run() -> Any:
        try:
            return action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)


def sessions(*, listeners: bool, ours: bool = False) -> list[int]:
    """
    The process ids of other sessions of this database: of who listens by now, or the rest.

    Publishers are neither: they come and go as they like. With `ours` only what this process
    holds: servers that another test has started have sessions, too.
    """
    tcp = psutil.Process().net_connections("tcp") if ours else []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            " AND application_name NOT LIKE %s AND CASE WHEN application_name LIKE %s"
            " THEN %s AND state = 'idle' AND query LIKE %s ELSE NOT %s END"
            " AND (NOT %s OR client_port = ANY(%s))",
            [
                *("%publisher", "%listener", listeners, "LISTEN %", listeners),
                *(ours, [one.laddr.port for one in tcp]),
            ],
        )
        return [pid for (pid,) in cursor.fetchall()]


def event_read(chunks: Iterator[bytes]) -> dict[str, Any] | None:
    """The next event of a stream as its fields, data decoded; None at its end."""
    for chunk in chunks:
        (found,) = events_read(chunk) or [None]
        if found:
            return found
    return None


def events_read(raw: bytes) -> list[dict[str, Any]]:
    """All events of a whole stream; comments and `retry` are no events."""
    found = []
    for block in raw.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found
