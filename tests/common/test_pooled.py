"""A pooled connection is known to be alive without a question, and replaced when it is not."""

import asyncio
import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection

from common.db.pooled.base import DatabaseWrapper
from common.settings import database_pool
from tests.e2e.client import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = 8
"""
Behind so many connections the pool's own pauses, which double, are longer than `BACK_WITHIN_S`.

The pool makes two at a time: the one that it keeps, and one for who waits.
"""

BACK_WITHIN_S = 4

LAST_USED = "SELECT state_change FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture
def pooled():
    """A connection of Django's whose pool holds one."""
    with pooled_with({"min_size": 1, "max_size": 1, "timeout": 10}) as wrapper:
        yield wrapper


@contextmanager
def pooled_with(pool: dict[str, object], **changed: object) -> Iterator[DatabaseWrapper]:
    """A connection of Django's with a pool of its own."""
    known = copy.deepcopy(connection.settings_dict)
    known.update(CONN_MAX_AGE=0, CONN_HEALTH_CHECKS=False, **changed)
    known["OPTIONS"]["pool"] = pool
    wrapper = DatabaseWrapper(known)
    try:
        yield wrapper
    finally:
        wrapper.close()
        wrapper.close_pool()


@pytest.fixture
def server():
    """A session beside the pool."""
    known = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    options = {name: known[key] for name, key in names.items()}
    with psycopg.connect(**options, dbname=known["NAME"], autocommit=True) as other:
        yield other


def borrowed(pooled: DatabaseWrapper) -> int:
    """Take a connection, use it and give it back; its server process."""
    with pooled.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    pooled.close()
    return pid


class TestTaking:
    def test_asks_the_server_nothing(self, pooled, server):
        pid = borrowed(pooled)
        before = server.execute(LAST_USED, [pid]).fetchone()
        pooled.connect()

        assert pooled.connection.info.backend_pid == pid
        assert server.execute(LAST_USED, [pid]).fetchone() == before

    def test_passes_over_sessions_that_the_server_has_ended(self, pooled, server):
        pid = borrowed(pooled)
        server.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])

        assert borrowed(pooled) != pid

    def test_keeps_a_session_that_was_only_told_something(self, pooled, server):
        with pooled.cursor() as cursor:
            cursor.execute("LISTEN something")
            pid = cursor.connection.info.backend_pid
        pooled.close()
        server.execute("NOTIFY something")

        assert borrowed(pooled) == pid


class Link:
    """A way to the database that may be cut: then every connection is closed at once."""

    def __init__(self) -> None:
        self.passes = False
        self.refused = 0
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def started(self) -> Iterator["Link"]:
        thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])
        thread.start()
        try:
            assert self._ready.wait(10)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            thread.join(10)
            self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.passes:
            self.refused += 1
            writer.close()
            return
        known = connection.settings_dict
        back, forth = await asyncio.open_connection(known["HOST"], int(known["PORT"]))
        await asyncio.gather(_pass(reader, forth), _pass(back, writer))


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(65_536):
        sink.write(piece)
    sink.close()


def asked(pooled: DatabaseWrapper) -> int | None:
    """The server process that answered; None while there is none."""
    try:
        return borrowed(pooled)
    except OperationalError:
        return None


class TestDatabaseThatIsBack:
    def test_is_used_soon_however_long_it_was_away(self):
        with (
            Link().started() as link,
            pooled_with(database_pool(), HOST="127.0.0.1", PORT=link.port) as pooled,
        ):
            while link.refused < REFUSED:
                assert asked(pooled) is None
            link.passes = True

            assert wait_for("it is used", lambda: asked(pooled), deadline_s=BACK_WITHIN_S)
