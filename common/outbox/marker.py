"""Step 3 of the road: what was delivered is marked while the next round leaves."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from common.outbox.connection import publisher_connection
from common.outbox.rows import Delivered, rows_mark


class Marker:
    """
    Marks published rows on a connection of its own, one round at a time.

    It holds no lock. A mark that is lost with the process costs one repeated delivery.
    """

    def __init__(self) -> None:
        self._connection = publisher_connection(idle_timeout="0")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox-marker")
        self._begun: Future[None] | None = None

    def mark(self, delivered: Sequence[Delivered]) -> None:
        """Begin to mark rows when those before are marked. Raises what marking them raised."""
        self.wait()
        self._begun = self._thread.submit(rows_mark, self._connection, delivered)

    def wait(self) -> None:
        """Return when everything handed in is marked. Raises `psycopg.Error`."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.result()

    def close(self) -> None:
        self._thread.shutdown()
        self._connection.close()
