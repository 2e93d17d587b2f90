"""
Serves a service over HTTP: `python -m common.serve users --bind 127.0.0.1:4001`.

`SERVER` chooses who does it, granian or gunicorn; both run `WEB_WORKERS` processes of
`WEB_THREADS` threads, behind Envoy only. Nothing is loaded before the fork, because a Kafka
producer and a database pool must be made after it (P8).
"""

import argparse
import gc
import os
import signal
import sys
import threading
from importlib import import_module
from multiprocessing import parent_process, util
from pathlib import Path
from typing import Any

from common.logs import logging_config

SERVERS = ("granian", "gunicorn")
DEFAULT = "granian"

KEEP_ALIVE_S = 75
"""Longer than the gateway keeps an idle connection (30 s): the one who closes is the gateway."""

STOP_WITHIN_S = 8
BACKLOG = 1024
_UNIX = "unix:"


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are finished first."""
    parser = argparse.ArgumentParser(prog="python -m common.serve")
    parser.add_argument("service", choices=("users", "transactions"))
    parser.add_argument("--bind", required=True, help="HOST:PORT or unix:PATH")
    options = parser.parse_args(arguments)
    server = os.environ.get("SERVER", DEFAULT)
    if server not in SERVERS:
        parser.error(f"SERVER must be one of {', '.join(SERVERS)}, not {server!r}")
    target = f"{options.service}.wsgi:application"
    if server == "gunicorn":
        _become_gunicorn(target, options.bind)
    _run_granian(target, options.bind)


def workers() -> int:
    """How many processes serve."""
    return int(os.environ.get("WEB_WORKERS", "1"))


def threads() -> int:
    """How many requests each of them answers at a time."""
    return int(os.environ.get("WEB_THREADS", "32"))


def worker_began() -> None:
    """
    Let the garbage collector look less often, and never again through what was loaded.

    It took a tenth of a millisecond of every request, and two thirds of that for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def worker_end() -> None:
    """Let the publisher finish the round in hand and close its connections."""
    from common.outbox import publisher  # noqa: PLC0415  imported after the fork

    publisher.stop()


def _become_gunicorn(target: str, bind: str) -> None:
    config = str(Path(__file__).with_name("gunicorn.conf.py"))
    command = ["-m", "gunicorn", target, "--config", config, "--bind", bind]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606  our own interpreter


def _run_granian(target: str, bind: str) -> None:
    from granian import Granian  # noqa: PLC0415  not needed under gunicorn
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415  as above
    from granian.http import HTTP1Settings  # noqa: PLC0415  as above

    host, _, port = bind.rpartition(":")
    socket = Path(bind.removeprefix(_UNIX)) if bind.startswith(_UNIX) else None
    where = {"uds": socket} if socket else {"address": host, "port": int(port)}
    Granian(
        target,
        **where,
        interface=Interfaces.WSGI,
        workers=workers(),
        blocking_threads=threads(),
        http=HTTPModes.http1,
        # Its clock runs between two requests of a connection as well.
        http1_settings=HTTP1Settings(header_read_timeout=KEEP_ALIVE_S * 1000),
        websockets=False,
        backlog=BACKLOG,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=STOP_WITHIN_S,
        log_dictconfig=logging_config(
            log_format=os.environ.get("LOG_FORMAT", "json"), level="INFO"
        ),
    ).serve(target_loader=_load)


def _load(target: str, *_given: Any, **_options: Any) -> Any:
    """Import the application, in the worker that will answer with it."""
    module, name = target.split(":")
    application = getattr(import_module(module), name)
    worker_began()
    # How a process of `multiprocessing` ends; `atexit` is not for those.
    util.Finalize(None, worker_end, exitpriority=0)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return application


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on, and answer beside its successor."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
