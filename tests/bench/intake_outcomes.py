"""How long after its answer a request's outcome is there to be read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg

from tests.chaos.databases import url_of
from tests.e2e.client import wait_for

LOOK_EVERY_S = 0.002
_SETTLED_WITHIN_S = 60


class Outcomes:
    """
    Looks into the users service's database every two milliseconds.

    What it says is therefore up to two milliseconds, and a look, too much. An outcome that is
    there before the client has read its answer counts as none.
    """

    def __init__(self) -> None:
        self.took: list[float] = []
        self._open: dict[UUID, float] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def heard(self, answer: bytes, at: float) -> None:
        """An answer has come; its Location names the request."""
        _, _, rest = answer.lower().partition(b"\r\nlocation: ")
        location = rest.split(b"\r\n", 1)[0].decode()
        with self._lock:
            self._open[UUID(location.rpartition("/")[2])] = at

    @contextmanager
    def watched(self) -> Iterator["Outcomes"]:
        """Look while the block runs, and then until every outcome is there."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield self
            wait_for(
                "every outcome",
                lambda: True if not self._open else None,
                deadline_s=_SETTLED_WITHIN_S,
            )
        finally:
            self._stop.set()
            thread.join()

    def _watch(self) -> None:
        with psycopg.connect(url_of("users"), autocommit=True) as connection:
            connection.prepare_threshold = 0
            while not self._stop.wait(LOOK_EVERY_S):
                self._look(connection)

    def _look(self, connection: psycopg.Connection) -> None:
        with self._lock:
            ids = list(self._open)
        if not ids:
            return
        settled = connection.execute(
            "SELECT id FROM transaction_request WHERE id = ANY(%s) AND status <> 'pending'", [ids]
        ).fetchall()
        now = time.perf_counter()
        with self._lock:
            self.took += [max(0.0, now - self._open.pop(one)) for (one,) in settled]
