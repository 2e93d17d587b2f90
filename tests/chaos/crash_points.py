"""
Named points at which a process kills itself: `CRASH_AT=<point>:<nth>`.

Production code knows nothing of them. Under the test settings, and only when CRASH_AT is set, the
function that does a side effect is wrapped where it is looked up, and the nth time it is about to
run, or has run, the process ends with SIGKILL: no handler, no `finally`, no flush.
"""

import functools
import importlib
import itertools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.apps import AppConfig

_COMMIT = ("django.db.backends.base.base", "BaseDatabaseWrapper._commit")
Stage = Literal["submit", "publish", "consume"]


@dataclass(frozen=True)
class Point:
    """
    `function` is an attribute of `module`, perhaps of a class in it; `nth` is counted from 1.

    With `after some`, calls that return an empty list do not count: a poll or a claim that finds
    nothing has done nothing.
    """

    name: str
    service: str
    stage: Stage
    module: str
    function: str
    when: Literal["before", "after", "after some"]
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"


_CLAIM = "users.submissions.claim"
_DRAIN = "common.outbox.drain"
_MARKER = "common.outbox.marker"
_PRODUCER = "common.kafka.producer"
_BATCH = "common.inbox.batch"
_CONSUMER = "common.inbox.consumer"


def _submitting() -> list[Point]:
    service: str = "users"
    return [
        Point("before accept", service, "submit", _CLAIM, "prepared_row", "before"),
        Point("accepted, not told", service, "submit", _CLAIM, "prepared_row", "after"),
        Point("hook", service, "submit", "common.outbox.publisher", "wake", "before"),
    ]


def _publishing(service: str) -> list[Point]:
    producing = "KafkaProducer._produce"
    return [
        Point("rows claimed", service, "publish", _DRAIN, "rows_claim", "after some"),
        Point("before produce", service, "publish", _PRODUCER, producing, "before", 2),
        Point("produced, no report", service, "publish", _PRODUCER, "KafkaProducer.send", "after"),
        Point("reported, not marked", service, "publish", _MARKER, "Marker.mark", "before"),
        Point("marked", service, "publish", _MARKER, "rows_mark", "after"),
    ]


def _consuming(service: str, effects: tuple[str, str]) -> list[Point]:
    source = ("common.kafka.source", "KafkaSource.poll")
    commit = ("common.kafka.source", "KafkaSource.commit")
    return [
        Point("polled", service, "consume", *source, "after some"),
        Point("decoded", service, "consume", _CONSUMER, "arrive", "after"),
        Point("cursors locked", service, "consume", _BATCH, "cursors_lock", "after"),
        Point("effects written", service, "consume", *effects, "after"),
        Point("waiting stored", service, "consume", _BATCH, "waiting_store", "after"),
        Point("dead stored", service, "consume", _BATCH, "dead_store", "after"),
        Point("cursors saved", service, "consume", _BATCH, "cursors_save", "after"),
        Point("before COMMIT of batch", service, "consume", *_COMMIT, "before"),
        Point("after COMMIT of batch", service, "consume", *_COMMIT, "after"),
        Point("before offsets", service, "consume", *commit, "before"),
        Point("after offsets", service, "consume", *commit, "after"),
    ]


POINTS = (
    *_submitting(),
    *_publishing("users"),
    *_consuming("transactions", ("transactions.ledger.services", "_apply")),
    *_publishing("transactions"),
    *_consuming("users", ("users.submissions.outcomes", "_settle")),
)


class CrashPoints(AppConfig):
    """An application of the test settings that wraps the function of CRASH_AT."""

    name = "tests.chaos"
    label = "crash_points"

    def ready(self) -> None:
        """Wrap it; a name that no point has is an error, or a test would wait for nothing."""
        wanted = os.environ["CRASH_AT"]
        install(next(point for point in POINTS if str(point) == wanted))


def install(point: Point) -> None:
    """Make this process end at the point."""
    owner: Any = importlib.import_module(point.module)
    *classes, name = point.function.split(".")
    for each in classes:
        owner = getattr(owner, each)
    setattr(owner, name, _wrapped(getattr(owner, name), point))


def _wrapped(function: Callable[..., Any], point: Point) -> Callable[..., Any]:
    calls = itertools.count(1)

    def strike() -> None:
        if next(calls) == point.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        if point.when == "before":
            strike()
        result = function(*arguments, **named)
        if point.when == "after" or (point.when == "after some" and result):
            strike()
        return result

    return wrapper
