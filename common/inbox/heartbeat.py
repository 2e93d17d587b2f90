"""
Signs of life of a consumer process: for those who probe it, and for itself.

The file is fresh while the loop turns, and empty while events are applied; a consumer that
staff must resume writes so into it. A process that is stuck touches nothing, and says where it
is stuck.
"""

import faulthandler
import tempfile
import threading
import time
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

HALTED = "halted"
"""What the file says of a consumer that waits for staff."""


class Heartbeat:
    """
    Touches a file, and logs the stacks of all threads when nobody has called for too long.

    `stuck_s` is how long a batch may make no progress; 0 looks for nothing. Without a file only
    the looking is left. `halted` is what the next beats say. Use it as a context manager.
    """

    def __init__(self, file: str = "", *, stuck_s: float = 0) -> None:
        self._file = Path(file) if file else None
        self._stuck_s = stuck_s
        self.halted = False
        self._said: bool | None = None
        self._beaten_at = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stuck-watch", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._beaten_at = time.monotonic()
        if self._stuck_s:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._stuck_s:
            self._thread.join()

    def beat(self) -> None:
        """Show that the loop turns, and whether it may apply events."""
        self._beaten_at = time.monotonic()
        if self._file is None:
            return
        if self.halted is self._said:
            self._file.touch()
        else:
            self._file.write_text(HALTED if self.halted else "")
            self._said = self.halted

    def _watch(self) -> None:
        told_at = self._beaten_at
        while not self._ended.wait(min(1.0, self._stuck_s / 4)):
            since = max(told_at, self._beaten_at)
            if time.monotonic() - since >= self._stuck_s:
                told_at = time.monotonic()
                stuck_s = round(told_at - self._beaten_at, 1)
                log.error("consumer_stuck", seconds=stuck_s, stacks=_stacks())


def _stacks() -> str:
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()
