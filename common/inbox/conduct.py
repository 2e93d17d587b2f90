"""How batches are applied beyond what always holds; most of it only a consumer process needs."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from common.inbox.breaker import Breaker


def _nothing() -> None:
    """Nobody waits for a sign of life."""


def never() -> bool:
    """There is time for all of it."""
    return False


def late_after(within_s: float) -> Callable[[], bool]:
    """There are so many seconds for it, from now on."""
    until = time.monotonic() + within_s
    return lambda: time.monotonic() >= until


@dataclass(frozen=True, kw_only=True, slots=True)
class Conduct:
    """
    `breaker` is asked before every COMMIT and told after it. With `baseline`, a stream without
    a cursor begins with the first sequence seen. Without `durable`, batches become savepoints of
    the caller's transaction. `beat` is called after every attempt, as a sign of life. Once `late`
    says so, no further transaction begins: what is due then, a consumer finds within a minute.
    """

    breaker: Breaker | None = None
    baseline: bool = False
    durable: bool = True
    beat: Callable[[], None] = _nothing
    late: Callable[[], bool] = never


PLAIN = Conduct()
"""Each batch in a transaction of its own, and nobody watches."""
