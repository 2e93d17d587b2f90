"""Identifiers: UUIDv7, so that keys made later sort later and indexes stay compact."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_counter = 0

_COUNTER_MAX = 0xFFF


def uuid7() -> UUID:
    """
    Make a version 7 UUID (RFC 9562, section 5.7).

    Values made by one process ascend strictly: within a millisecond the 12 bits after the
    version count up (method 1 of section 6.2), and a clock that steps back is held.
    """
    return uuid7_many(1)[0]


def uuid7_many(count: int) -> list[UUID]:
    """Make as many, ascending; the randomness of all of them is asked for at once."""
    drawn = os.urandom(8 * count)
    with _lock:
        return [_next(int.from_bytes(drawn[at : at + 8])) for at in range(0, 8 * count, 8)]


def _next(random: int) -> UUID:
    milliseconds, counter = _tick()
    random &= 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(milliseconds << 80) | (0x7000 | counter) << 64 | (0b10 << 62) | random)


def _tick() -> tuple[int, int]:
    """The time of the next id and its place in it; the lock is held."""
    global _last_ms, _counter  # noqa: PLW0603  one clock a process is the point
    now = time.time_ns() // 1_000_000
    if now > _last_ms:
        _last_ms, _counter = now, 0
    elif _counter < _COUNTER_MAX:
        _counter += 1
    else:
        _last_ms, _counter = _last_ms + 1, 0
    return _last_ms, _counter
