"""The telephone of somebody on the staff: time-based codes (RFC 6238), each of them once."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass

STEP_S = 30


@dataclass
class Telephone:
    """
    Shows a code for each step of time, and the next one ahead of it.

    The services take each step once, and none before the last one that was used; from the step
    before to the step after the time, so what is shown is good for half a minute at least.
    """

    secret: str
    last: int = 0

    def code(self) -> str:
        """The next code; waits for its step to come near, where those that are near are used."""
        step = max(self.last + 1, self._now())
        while step > self._now() + 1:
            time.sleep(0.2)
        self.last = step
        return self._code_of(step)

    def _now(self) -> int:
        return int(time.time()) // STEP_S

    def _code_of(self, step: int) -> str:
        key = base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))
        digest = hmac.digest(key, step.to_bytes(8), hashlib.sha1)
        at = digest[-1] & 0xF
        number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
        return f"{number % 10**6:06d}"
