"""Making things on a thread of their own before they are asked for."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def ahead(items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """
    The same items; all of them are made on another thread, as fast as it can.

    For items that are made while this thread waits for something else. What making one raises is
    raised here, in its place. Whoever leaves early waits until the other thread has ended.
    """
    made: SimpleQueue[tuple[Item] | None] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as thread:
        yield _taken(made, thread.submit(_make, items, made))


def _make(items: Iterable[Item], made: "SimpleQueue[tuple[Item] | None]") -> None:
    try:
        for item in items:
            made.put((item,))
    finally:
        made.put(None)


def _taken(made: "SimpleQueue[tuple[Item] | None]", making: Future[None]) -> Iterator[Item]:
    while (item := made.get()) is not None:
        yield item[0]
    making.result()
