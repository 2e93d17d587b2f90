"""Access tokens whose signature and claims were found good a moment ago, so that they are again."""

import threading
import time
from typing import Any, Generic, NamedTuple, TypeVar

Whose = TypeVar("Whose")

_KEPT_MAX = 4096


class Verified(NamedTuple, Generic[Whose]):
    """What a token said: whose it is, the key that signed it, and until when it is good."""

    principal: Whose
    kid: str
    key: Any
    good_until: float


class VerifiedTokens(Generic[Whose]):
    """
    Remembers the last few thousand good tokens.

    Nothing is good for longer by it: the same bytes with the same key have the same signature
    and the same claims for ever, so what is left to ask at every use is what changes, the time
    and whether the key is still one of ours. A bad token is never remembered.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Verified[Whose]] = {}

    def find(self, token: str) -> Verified[Whose] | None:
        """What is known of this token, unless its time is over."""
        known = self._kept.get(token)
        return known if known and time.time() < known.good_until else None

    def keep(self, token: str, verified: Verified[Whose]) -> None:
        """Remember a token, and forget the one that was remembered first if there are too many."""
        with self._lock:
            self._kept.pop(token, None)
            if len(self._kept) >= _KEPT_MAX:
                del self._kept[next(iter(self._kept))]
            self._kept[token] = verified
