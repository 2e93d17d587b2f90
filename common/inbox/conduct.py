"""How batches are applied beyond what always holds; most of it only a consumer process needs."""

from collections.abc import Callable
from dataclasses import dataclass

from common.inbox.breaker import Breaker


def _nothing() -> None:
    """Nobody waits for a sign of life."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conduct:
    """
    `breaker` is asked before every COMMIT and told after it. With `baseline`, a stream without
    a cursor begins with the first sequence seen. Without `durable`, batches become savepoints of
    the caller's transaction. `beat` is called after every attempt, as a sign of life.
    """

    breaker: Breaker | None = None
    baseline: bool = False
    durable: bool = True
    beat: Callable[[], None] = _nothing


PLAIN = Conduct()
"""Each batch in a transaction of its own, and nobody watches."""
