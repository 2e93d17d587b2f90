"""Orders to the proxy of the stack under test."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from compose.local import links
from compose.local.ports import LOOPBACK
from compose.local.stack import stack_from

ANSWER_S = 10


def disturb(link: str, kind: str, amount: float = 0) -> None:
    """Begin a fault on a link, in the place of the one before; `none` heals."""
    port = links.link_port(stack_from(os.environ), links.PROCESS)
    order = {"link": link, "kind": kind, "amount": amount}
    with socket.create_connection((LOOPBACK, port), timeout=ANSWER_S) as wire:
        wire.sendall(json.dumps(order).encode() + b"\n")
        answer = json.loads(wire.makefile().readline())
    if "error" in answer:
        raise ValueError(answer["error"])


@contextmanager
def disturbed(link: str, kind: str, amount: float = 0) -> Iterator[None]:
    """A link that is disturbed while the block runs."""
    disturb(link, kind, amount)
    try:
        yield
    finally:
        disturb(link, "none")


def names() -> list[str]:
    """Every link of the stack under test; none when it runs without the proxy."""
    stack = stack_from(os.environ)
    return [link.name for link in links.links_of(stack)] if links.are_on(stack) else []


def gateway_url() -> str:
    """The gateway as its clients reach it, by way of the proxy if there is one."""
    return links.url_of(stack_from(os.environ), "gateway")
