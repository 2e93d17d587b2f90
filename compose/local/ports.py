"""Where every process listens, shifted by PORT_OFFSET."""

import socket
from collections.abc import Iterable, Mapping

import psutil

from compose.local.errors import OperatorError

LOOPBACK = "127.0.0.1"
# The kernel takes ports for outgoing connections from 32768 on; 9901 + 22000 stays below.
OFFSET_MAX = 22_000

BASE_PORTS: Mapping[str, int] = {
    "gateway": 4000,
    "users-web": 4001,
    "transactions-web": 4002,
    "postgres-users": 5433,
    "postgres-transactions": 5434,
    "kafka": 9092,
    "kafka-controller": 9093,
    "gateway-admin": 9901,
}
# The second users-web listens on 4011, the third on 4021; so no shift collides with a neighbour.
REPLICA_STEP = 10
REPLICAS_MAX = 4


def parse_offset(text: str) -> int:
    """
    Read PORT_OFFSET.

    Raises:
        OperatorError: not a whole number from 0 to 22000.
    """
    if not text.isascii() or not text.isdigit() or int(text) > OFFSET_MAX:
        raise OperatorError(f"PORT_OFFSET must be a number from 0 to {OFFSET_MAX}, not {text!r}")
    return int(text)


def port_of(name: str, offset: int) -> int:
    """Return the port of a process such as `gateway` or `users-web-2`."""
    base, number = split_replica(name)
    return BASE_PORTS[base] + (number - 1) * REPLICA_STEP + offset


def split_replica(name: str) -> tuple[str, int]:
    """Split `users-web-2` into `users-web` and 2; a name without a number is the first."""
    base, _, number = name.rpartition("-")
    return (base, int(number)) if number.isdigit() else (name, 1)


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Tell whether a server could listen there now."""
    with socket.socket() as probe:
        # As servers do: a connection that is only waiting out its time does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def busy(ports: Iterable[int]) -> list[int]:
    """Return those ports somebody already listens on."""
    return [port for port in ports if not is_free(port)]


def listener(port: int) -> str:
    """Name the program that listens on a port, as far as this user may know."""
    try:
        owners = {
            connection.pid
            for connection in psutil.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
        }
    except psutil.AccessDenied:
        owners = set()
    names = [_describe(pid) for pid in owners if pid]
    return ", ".join(names) or "a program of another user"


def _describe(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"


def free_offset(names: Iterable[str], first: int) -> int:
    """
    Find a PORT_OFFSET from `first` upwards with which all of these processes can listen.

    Raises:
        OperatorError: there is none below the limit.
    """
    wanted = list(names)
    for offset in range(first, OFFSET_MAX + 1, 100):
        if not busy(port_of(name, offset) for name in wanted):
            return offset
    raise OperatorError("no PORT_OFFSET with free ports was found; stop another stack first")
