"""Step 10 of the road as a client watches it: server-sent events up to its outcome."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings

from common import held_requests
from common.api.renderers import FastJSONRenderer
from users.submissions.models import TransactionRequest
from users.submissions.progress import Progress, event_id, is_settled, unseen
from users.submissions.waiters import TICK_S, Waiter
from users.submissions.waiting import look

MEDIA_TYPE = "text/event-stream"

_RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a client that lost the stream, or saw its end, asks again."""

_HEARTBEAT = b":\n\n"
"""A comment. Writing it is what shows that the client is gone, and keeps proxies patient."""


def events_of(states: Iterable[dict[str, Any]]) -> bytes:
    """Events that tell of these states."""
    return b"".join(_event(state) for state in states)


def _event(state: dict[str, Any]) -> bytes:
    # JSON has no line breaks here, and a line is all that `data` may be.
    data = FastJSONRenderer().render(state)
    return b"id: %b\nevent: status\ndata: %b\n\n" % (event_id(state).encode(), data)


class StatusStream:
    """
    The statuses of a transaction from `seen` on, as the body of a response.

    It ends with the outcome, after `EVENT_STREAM_MAX_S` seconds, or when this process has to
    end. `close` gives the waiter's place back, also when nothing was ever read, and from
    another thread than the one that reads.
    """

    def __init__(
        self,
        waiter: Waiter,
        find: Callable[[], TransactionRequest | None],
        seen: Progress | None,
    ) -> None:
        self._waiter = waiter
        self._find = find
        self._seen = seen

    def __iter__(self) -> Iterator[bytes]:
        ends_at = time.monotonic() + settings.EVENT_STREAM_MAX_S
        yield _RETRY
        while not self._waiter.left:
            transaction = look(self._find)
            if transaction is not None:
                yield from self._news(transaction)
                if is_settled(transaction):
                    return
            left_s = ends_at - time.monotonic()
            if left_s <= 0 or held_requests.is_ending():
                return
            if not self._waiter.wait(min(left_s, TICK_S)):
                yield _HEARTBEAT

    def close(self) -> None:
        self._waiter.leave()

    def _news(self, transaction: TransactionRequest) -> Iterator[bytes]:
        states = unseen(transaction, self._seen)
        if states:
            self._seen = Progress.of(states[-1])
            yield events_of(states)
