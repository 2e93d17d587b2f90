"""
How gunicorn serves a service: threads in few processes, behind Envoy only.

gthread keeps connections alive, which the gateway's pool needs; there is no preloading,
because a Kafka producer and a database pool must be made after the fork (P8).
"""

import os
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "1"))
threads = int(os.environ.get("WEB_THREADS", "8"))
raw_env = [f"WEB_THREADS={threads}"]  # a part of them may wait for outcomes, and no more
keepalive = 75
timeout = 30
graceful_timeout = 8
backlog = 1024
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
    """Let requests that are held know when the worker is told to end."""
    from common import serving  # noqa: PLC0415  imported after the fork

    serving.ends_when(lambda: not worker.alive)


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's signature
    """Let the publisher finish the round in hand and close its connections."""
    from common.outbox import publisher  # noqa: PLC0415  imported after the fork

    publisher.stop()
