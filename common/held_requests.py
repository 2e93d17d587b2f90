"""
What a web server knows and WSGI does not say, for requests that are held.

Whether this process is about to end, and whether the client is still there.
"""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any


def _never() -> bool:
    """Nobody has told how to know."""
    return False


_ending: Callable[[], bool] = _never


def ends_when(is_ending: Callable[[], bool]) -> None:
    """Let the server say how it is known that this process was told to end."""
    global _ending  # noqa: PLW0603  one server in one process
    _ending = is_ending


def is_ending() -> bool:
    """Whether this process was told to end: what it holds must be let go within a second or two."""
    return _ending()


def ends_by_signal() -> None:
    """
    Notice SIGTERM and SIGINT under a server without a hook for them; for the main thread.

    The server sets its own handlers later, so none of ours would be called: Python itself
    writes the number of each signal that it handles. A server that reads them is left alone.
    """
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    taken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if taken != -1:
        signal.set_wakeup_fd(taken)
        os.close(reading)
        os.close(writing)
        return
    ends_when(_Signals(reading).told_to_end)


class _Signals:
    """The numbers of the signals that came, in a pipe."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._told = False

    def told_to_end(self) -> bool:
        try:
            came = os.read(self._pipe, 64)
        except BlockingIOError:
            came = b""
        # Whoever reads a signal is the only one to see it: nobody else may write that none came.
        if signal.SIGTERM in came or signal.SIGINT in came:
            self._told = True
        return self._told


def client_is_gone(environ: Mapping[str, Any]) -> bool:
    """
    Whether the client of a request, or the gateway in its name, has hung up.

    False where the server does not show the connection; granian does not. One that only stops
    sending counts as gone: the gateway never does that.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
