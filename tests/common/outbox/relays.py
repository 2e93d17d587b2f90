"""Real processes that publish the outbox of the test database, and what they sent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psutil
from django.conf import settings
from django.db import connection

from common.events.envelope import Envelope, headers_decode
from common.ids import uuid7
from common.kafka.config import consumer_config
from common.kafka.source import KafkaSource

ROOT = settings.ROOT
_END_S = 15
_READ_S = 60

RELAY = ("users/manage.py", "publish_outbox", "--follow")
WEB = ("-m", "common.serve", "users")


class Relay:
    """A process with its children, under the name that its database sessions have."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.name = name
        self._process = psutil.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**environment(), "PROCESS_NAME": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def pause(self) -> None:
        """Stop it where it is; its connections stay open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a chance to do anything more."""
        self._signal(signal.SIGKILL)
        self._process.wait(_END_S)

    def end(self) -> int:
        """Ask it to end as a supervisor does; its exit code."""
        self.go_on()
        if self._process.is_running():
            self._process.terminate()
        return int(self._process.wait(_END_S))

    def _signal(self, number: int) -> None:
        if self._process.is_running():
            for one in [self._process, *self._process.children(recursive=True)]:
                one.send_signal(number)


@contextmanager
def relays(web_socket: str) -> Iterator[dict[str, Relay]]:
    """Two relays beside a web process, by name, each with a session in the database."""
    started = [
        Relay("relay-1", *RELAY),
        Relay("relay-2", *RELAY),
        Relay("web-1", *WEB, "--bind", f"unix:{web_socket}"),
    ]
    try:
        yield {relay.name: relay for relay in started}
    finally:
        for relay in started:
            relay.end()


def sessions() -> set[str]:
    """The names of the processes whose publishers are connected."""
    return _names("SELECT application_name FROM pg_stat_activity WHERE datname = %s")


def lock_holders() -> set[str]:
    """The names of the processes that hold the outbox's lock: one or none."""
    return _names(
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND datname = %s"
    )


def sent(topic: str, *, until: set[object]) -> list[Envelope]:
    """Every record of a topic, read until all of these events were there."""
    source = KafkaSource(consumer_config(group=f"reader-{uuid7()}", instance_id=""), topic=topic)
    found: list[Envelope] = []
    missing = set(until)
    try:
        for _ in range(_READ_S):
            for record in source.poll(records_max=10_000, timeout_s=1):
                found.append(headers_decode(record.headers))
                missing.discard(found[-1].id)
            if not missing:
                return found
    finally:
        source.close()
    raise AssertionError(f"{len(missing)} events are not in the topic")


def _names(statement: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.settings_dict["NAME"]])
        return {name.removesuffix(" publisher") for (name,) in cursor.fetchall()}


def environment() -> dict[str, str]:
    """What a service's process gets, with the test database in place of its own."""
    url = urlsplit(os.environ["USERS_MIGRATION_DATABASE_URL"])
    database = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
    taken = {name: value for name, value in os.environ.items() if name != "DATABASE_ROLE"}
    return {
        **taken,
        "DJANGO_SETTINGS_MODULE": "users.settings.production",
        "USERS_DATABASE_URL": database,
        "OUTBOX_PUBLISH": "true",
    }
