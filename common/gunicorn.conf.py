"""
How gunicorn serves a service, when `common.serve` is told to use it.

gthread keeps connections alive, which the gateway's pool needs.
"""

import os
from typing import Any

from common import serve

worker_class = "gthread"
workers = serve.workers()
threads = serve.threads()
keepalive = serve.KEEP_ALIVE_S
timeout = 30
graceful_timeout = serve.STOP_WITHIN_S
backlog = serve.BACKLOG
preload_app = False
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108  a heartbeat file in memory
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 16384
forwarded_allow_ips = "127.0.0.1"
accesslog = None
errorlog = "-"


def post_worker_init(worker: Any) -> None:
    """Let requests that are held know when the worker is told to end, and begin."""
    from common import held_requests  # noqa: PLC0415  imported after the fork

    held_requests.ends_when(lambda: not worker.alive)
    serve.worker_began()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's signature
    """Called in a worker that ends."""
    serve.worker_end()
