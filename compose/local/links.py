"""
The links between processes, led through a proxy that can disturb them: for chaos runs only.

With CHAOS_LINKS=1 the services, the gateway and the clients reach each other by way of the ports
below; `tests.chaos.proxy` listens there. Readiness, migrations and checks keep the direct way, so
a disturbed link never hides how a process is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from compose.local.ports import LOOPBACK, REPLICA_STEP, split_replica
from compose.local.stack import SERVICES, Stack, replica_names

PROCESS = "links"
# The last two digits differ from those of every other port: stacks lie 100 apart.
_PORTS: Mapping[str, int] = {
    "gateway": 4050,
    "users-web": 4051,
    "transactions-web": 4052,
    PROCESS: 4059,
    "postgres-users": 5453,
    "postgres-transactions": 5454,
    "kafka-users": 9155,
    "kafka-transactions": 9156,
}
# Kafka tells its clients where to go on, so each service has a listener that names its link.
_LISTENER_PORTS: Mapping[str, int] = {"kafka-users": 9157, "kafka-transactions": 9158}


@dataclass(frozen=True)
class Link:
    """Who listens on `port` passes everything on to `target`; both are on loopback."""

    name: str
    port: int
    target: int


def are_on(stack: Stack) -> bool:
    """Tell whether this stack leads its links through the proxy."""
    return stack.variables.get("CHAOS_LINKS") == "1"


def links_of(stack: Stack) -> list[Link]:
    """Return every link of the stack, named after where it leads."""
    webs = [
        name for service in SERVICES for name in replica_names(f"{service}-web", stack.replicas)
    ]
    names = ["gateway", *webs, *(f"postgres-{service}" for service in SERVICES)]
    direct = [Link(name, link_port(stack, name), stack.port(name)) for name in names]
    return direct + [
        Link(name, link_port(stack, name), port + stack.offset)
        for name, port in _LISTENER_PORTS.items()
    ]


def link_port(stack: Stack, name: str) -> int:
    """Return the port of the link to a process; `links` is the proxy's own control."""
    base, number = split_replica(name)
    return _PORTS[base] + (number - 1) * REPLICA_STEP + stack.offset


def port_to(stack: Stack, name: str) -> int:
    """Return the port by which others reach a process, the link's or its own."""
    return link_port(stack, name) if are_on(stack) else stack.port(name)


def url_of(stack: Stack, name: str) -> str:
    """Return the base URL by which others reach a process."""
    return f"http://{LOOPBACK}:{port_to(stack, name)}"


def led_through(stack: Stack, service: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return a long-running process's variables with the addresses of its links."""
    if not are_on(stack):
        return dict(values)
    name, url = f"postgres-{service}", f"{service.upper()}_DATABASE_URL"
    own, linked = f":{stack.port(name)}/", f":{link_port(stack, name)}/"
    return {
        **values,
        url: values[url].replace(own, linked),
        "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{link_port(stack, f'kafka-{service}')}",
    }


def kafka_listeners(stack: Stack) -> dict[str, tuple[int, int]]:
    """Return Kafka's listeners for links: name to its own port and the one it advertises."""
    if not are_on(stack):
        return {}
    return {
        name.rpartition("-")[2].upper(): (port + stack.offset, link_port(stack, name))
        for name, port in _LISTENER_PORTS.items()
    }
