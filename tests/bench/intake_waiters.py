"""Clients that wait for outcomes, or follow them, while others are measured."""

import json
import selectors
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.bench import intake_requests as requests_of
from tests.bench.http_load import Address, Connection
from tests.bench.intake_requests import Person

WAITERS = 200
_WAIT = "wait=10"


def preference_applied(address: Address, person: Person, payee: Person) -> bool:
    """Whether a POST that would rather wait is told that it did."""
    body = {"kind": "transfer", "amount": 1, "currency": "EUR", "counterparty": payee.id}
    asked = requests_of.post(person, body, Prefer=_WAIT)
    return b"\r\npreference-applied:" in _one_answer(address, asked).lower()


def streams(address: Address, person: Person, transaction_id: str) -> bool:
    """Whether the statuses of a transaction can be followed."""
    head = _head(address, _follow(person, transaction_id))
    return b" 200 " in head.split(b"\r\n", 1)[0]


@contextmanager
def waiting(address: Address, people: Sequence[Person]) -> Iterator[None]:
    """So many clients that prefer to wait, each asking again as soon as it has its answer."""
    with _clients(address, requests_of.transfers(people, Prefer=_WAIT)):
        yield


@contextmanager
def streaming(
    address: Address, people: Sequence[Person], transaction_ids: Sequence[str]
) -> Iterator[None]:
    """So many clients that follow a transaction each, again as soon as a stream has ended."""
    following = zip(people, transaction_ids, strict=False)
    with _clients(address, iter([_follow(*pair) for pair in following] * 100)):
        yield


@contextmanager
def _clients(address: Address, requests: Iterator[bytes]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=_keep_asking, args=(address, requests, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_asking(address: Address, requests: Iterator[bytes], stop: threading.Event) -> None:
    """
    Every client asks on a connection of its own, and comes back a second after it was let go.

    What is answered is not looked at: a wait may be refused where too many wait already.
    """
    ready = selectors.DefaultSelector()
    for _ in range(WAITERS):
        _ask(ready, address, next(requests))
    while not stop.is_set():
        over = [key.fileobj for key, _ in ready.select(0.1) if _is_over(key.fileobj)]
        for one in over:
            ready.unregister(one)
            one.close()
        if over and not stop.wait(1):
            for _ in over:
                _ask(ready, address, next(requests))
    for key in list(ready.get_map().values()):
        key.fileobj.close()
    ready.close()


def _ask(ready: selectors.BaseSelector, address: Address, request: bytes) -> None:
    asking = socket.create_connection(address)
    asking.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    ready.register(asking, selectors.EVENT_READ)


def _is_over(asking: socket.socket) -> bool:
    """Read what is there; whether the answer has ended."""
    return not asking.recv(65536)


def _follow(person: Person, transaction_id: str) -> bytes:
    return requests_of.request(
        "GET",
        f"{requests_of.TRANSACTIONS}/{transaction_id}/events",
        person,
        Accept="text/event-stream",
    )


def _one_answer(address: Address, request: bytes) -> bytes:
    connection = Connection(address)
    connection.ask(request, due=0)
    while (answer := connection.answer()) is None:
        continue
    connection.socket.close()
    return answer


def _head(address: Address, request: bytes) -> bytes:
    connection = Connection(address)
    connection.ask(request, due=0)
    head = connection.socket.recv(65536)
    connection.socket.close()
    return head


def accepted_id(address: Address, person: Person, payee: Person) -> str:
    """The id of a new request of this person."""
    body = {"kind": "transfer", "amount": 1, "currency": "EUR", "counterparty": payee.id}
    answer = _one_answer(address, requests_of.post(person, body))
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["id"])
