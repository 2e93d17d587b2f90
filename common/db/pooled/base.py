"""PostgreSQL as Django knows it, but for how a pooled connection is known to be alive."""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """
    Takes connections from the pool without a question to the server.

    Django's own health check is a round trip before every request, as long as the one that a
    request is accepted with. It must be off.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> "psycopg.Connection[Any]":
        """Take a connection whose session the server has not ended; without a pool, a new one."""
        while True:
            connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
            if self.pool is None or _is_alive(connection):
                return connection
            connection.close()
            self.pool.putconn(connection)  # the pool makes another in its place


def _is_alive(connection: "psycopg.Connection[Any]") -> bool:
    """
    Whether the server is still there, as far as one can see from here.

    A server that ends a session says so, and the kernel closes the sockets of one that died:
    either is something to read. It may also be a mere notice, so only then the server is asked.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return False
    return True
