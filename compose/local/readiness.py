"""Whether something answers, asked the way its users ask."""

import logging
import ssl
import time
from functools import cache
from pathlib import Path

import httpx
import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

PROBE_TIMEOUT_S = 2.0
HEARTBEAT_AGE_MAX_S = 10.0
SILENT = logging.getLogger("compose.local.kafka")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def answers(url: str) -> bool:
    """Tell whether a GET is answered with 200."""
    try:
        # No proxy of the environment stands between us and our own machine.
        answer = httpx.get(url, timeout=PROBE_TIMEOUT_S, trust_env=False, verify=_trusted())
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: who waits asks ten times a second, and each time it would take the longest."""
    return httpx.create_ssl_context(trust_env=False)


def database_answers(url: str) -> bool:
    """Tell whether this user can run a query in this database."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def kafka_answers(bootstrap: str) -> bool:
    """Tell whether a broker answers a request for metadata."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}, logger=SILENT)
    try:
        return bool(admin.list_topics(timeout=PROBE_TIMEOUT_S).brokers)
    except KafkaException:
        return False


def is_fresh(heartbeat: Path) -> bool:
    """
    Tell whether the file was touched in the last ten seconds, and is empty.

    A consumer that waits for staff goes on touching it, and says so in it.
    """
    try:
        found = heartbeat.stat()
        return time.time() - found.st_mtime < HEARTBEAT_AGE_MAX_S and not found.st_size
    except FileNotFoundError:
        return False
