"""The publisher's own database session, and the lock that makes it the only one at work."""

import time
from typing import Any

import psycopg
from django.db import connections

_LOCK_KEY = 0x6F7574626F78
"""The advisory lock of this database's outbox: the letters of "outbox"."""

_TOUCH_EVERY_S = 2.0


class PublisherSession:
    """
    A plain autocommit connection outside of Django's pool.

    The advisory lock lives and dies with it. `idle_session_timeout` ends the session of a
    process that was stopped while it held the lock; keepalives would not, because the kernel
    answers them (P4). So a working publisher touches its session every two seconds.
    """

    def __init__(self) -> None:
        self.connection = psycopg.connect(**_parameters())
        self._touched_at = time.monotonic()

    def lock(self) -> bool:
        """Take the outbox's lock if nobody holds it."""
        return bool(self._scalar("SELECT pg_try_advisory_lock(%s)"))

    def unlock(self) -> None:
        """Release the lock."""
        self._scalar("SELECT pg_advisory_unlock(%s)")

    def touch(self) -> None:
        """Show the server that this session is alive; cheap, and at most every two seconds."""
        if time.monotonic() - self._touched_at >= _TOUCH_EVERY_S:
            self.connection.execute("SELECT 1")
            self._touched_at = time.monotonic()

    def close(self) -> None:
        self.connection.close()

    def _scalar(self, statement: str) -> Any:
        self._touched_at = time.monotonic()
        row = self.connection.execute(statement, [_LOCK_KEY]).fetchone()
        return row[0] if row else None


def _parameters() -> dict[str, Any]:
    config = connections["default"].settings_dict
    options = {k: v for k, v in config["OPTIONS"].items() if k not in {"pool", "options"}}
    return {
        **options,
        "dbname": config["NAME"],
        "user": config["USER"],
        "password": config["PASSWORD"],
        "host": config["HOST"] or None,
        "port": config["PORT"] or None,
        "autocommit": True,
        "options": "-c idle_session_timeout=10s -c statement_timeout=10s -c lock_timeout=5s",
        "application_name": f"{options.get('application_name', 'notion')} publisher",
    }
