"""A pooled connection is known to be alive without a question, and replaced when it is not."""

import copy

import psycopg
import pytest
from django.db import connection

from common.db.pooled.base import DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)

LAST_USED = "SELECT state_change FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture
def pooled():
    """A connection of Django's whose pool holds one."""
    known = copy.deepcopy(connection.settings_dict)
    # A worker's tests before this one may have made the process's own connection a lasting one.
    known.update(CONN_MAX_AGE=0, CONN_HEALTH_CHECKS=False)
    known["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 10}
    wrapper = DatabaseWrapper(known)
    yield wrapper
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
