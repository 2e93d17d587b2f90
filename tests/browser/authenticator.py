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
    Shows codes as they are accepted: from the step before to the step after the time, in order.

    The services take each step once, and none before the last one that was used.
    """

    secret: str
    last: int = 0

    def code(self) -> str:
        """The next code; waits for its step to come near, where all near ones are used."""
        step = max(self.last + 1, self._now() - 1)
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
