"""
A light client for load: one thread, kept connections, requests that are bytes already.

The generator shares the machine with what it measures, so it does as little as possible: no
client library, no parsing but of the status and the length. Answers must have a Content-Length.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

Address = tuple[str, int]

_ANSWER_WITHIN_S = 30.0
_LENGTH = b"\r\ncontent-length: "
_ACCEPTED = (b"HTTP/1.1 200 ", b"HTTP/1.1 201 ", b"HTTP/1.1 202 ")


class Load(NamedTuple):
    """What came of a run: how long it was and how long each answer took, in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class Connection:
    """A kept connection with at most one request on its way; `due` is when that was to be sent."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=_ANSWER_WITHIN_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""

    def ask(self, request: bytes, *, due: float) -> None:
        """Send a request."""
        self.due = due
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """Read what is there; the whole answer, or None while it is not complete."""
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError(f"closed before an answer was complete: {self._received!r}")
        self._received += received
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length_of(head):
            return None
        answer, self._received = self._received, b""
        return answer


def _length_of(head: bytes) -> int:
    _, name, rest = head.lower().partition(_LENGTH)
    assert name, f"an answer without a length: {head!r}"
    return int(rest.split(b"\r\n", 1)[0])


def closed_loop(
    address: Address, requests: Iterator[bytes], *, connections: int, seconds: float
) -> Load:
    """
    Ask on every connection as soon as it has its answer; every answer must be a yes.

    It ends after so many seconds, or when there are no more requests.
    """
    return _Run(address).closed(requests, connections=connections, seconds=seconds)


def open_loop(
    address: Address,
    requests: Iterator[bytes],
    *,
    rate: float,
    seconds: float,
    heard: Callable[[bytes, float], None],
) -> Load:
    """
    Ask at an even rate, whatever the answers do; `heard` gets each answer and when it came.

    An answer's time counts from when its request was due, so that nothing slow is left out.
    """
    return _Run(address).open(requests, rate=rate, seconds=seconds, heard=heard)


class _Run:
    """The connections of one run and what they measured."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._ready = selectors.DefaultSelector()
        self._busy = 0
        self._latencies: list[float] = []

    def closed(self, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
        began = time.perf_counter()
        ends = began + seconds
        try:
            for request in islice(requests, connections):
                self._ask(self._connect(), request, due=time.perf_counter())
            while self._busy:
                for connection, _, now in self._answers(timeout=_ANSWER_WITHIN_S):
                    request = next(requests, None) if now < ends else None
                    if request:
                        self._ask(connection, request, due=now)
            return Load(time.perf_counter() - began, self._latencies)
        finally:
            self._close()

    def open(
        self,
        requests: Iterator[bytes],
        *,
        rate: float,
        seconds: float,
        heard: Callable[[bytes, float], None],
    ) -> Load:
        began, sent, total = time.perf_counter(), 0, round(rate * seconds)
        idle: list[Connection] = []
        try:
            while sent < total or self._busy:
                due = began + sent / rate
                while sent < total and due <= time.perf_counter():
                    connection = idle.pop() if idle else self._connect()
                    self._ask(connection, next(requests), due=due)
                    sent += 1
                    due = began + sent / rate
                until_due = due - time.perf_counter() if sent < total else _ANSWER_WITHIN_S
                for connection, answer, now in self._answers(timeout=max(0.0, until_due)):
                    heard(answer, now)
                    idle.append(connection)
            return Load(time.perf_counter() - began, self._latencies)
        finally:
            self._close()

    def _connect(self) -> Connection:
        connection = Connection(self._address)
        self._ready.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def _ask(self, connection: Connection, request: bytes, *, due: float) -> None:
        connection.ask(request, due=due)
        self._busy += 1

    def _answers(self, *, timeout: float) -> Iterator[tuple[Connection, bytes, float]]:
        events = self._ready.select(timeout)
        assert events or timeout < _ANSWER_WITHIN_S, f"nothing for {_ANSWER_WITHIN_S} s"
        for key, _ in events:
            connection: Connection = key.data
            answer = connection.answer()
            if answer is None:
                continue
            assert answer.startswith(_ACCEPTED), answer
            now = time.perf_counter()
            self._busy -= 1
            self._latencies.append(now - connection.due)
            yield connection, answer, now

    def _close(self) -> None:
        for key in list(self._ready.get_map().values()):
            key.data.socket.close()
        self._ready.close()
