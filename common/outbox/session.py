"""The publisher's own database session, and the lock that makes it the only one at work."""

import time
from functools import cached_property
from typing import Any

from common.outbox.connection import publisher_connection
from common.outbox.marker import Marker

LOCK_KEY = 0x6F7574626F78
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
        self.connection = publisher_connection(idle_timeout="10s")
        self._touched_at = time.monotonic()

    @cached_property
    def marker(self) -> Marker:
        """Marks what was published; made when there is something to mark."""
        return Marker()

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
        if "marker" in self.__dict__:
            self.marker.close()

    def _scalar(self, statement: str) -> Any:
        self._touched_at = time.monotonic()
        row = self.connection.execute(statement, [LOCK_KEY]).fetchone()
        return row[0] if row else None
