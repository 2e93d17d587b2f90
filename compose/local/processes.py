"""What runs: every long-running process of a stack, and when it counts as ready."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from compose.local import gateway, kafka, links, postgres, readiness
from compose.local.environment import (
    has_own_database,
    has_own_kafka,
    heartbeat_file,
    process_environment,
    stack_environment,
)
from compose.local.placement import place
from compose.local.ports import LOOPBACK, is_free
from compose.local.stack import SERVICES, Stack, replica_names


@dataclass(frozen=True)
class Process:
    """
    One process under supervisor.

    `command` is a function because finding Java takes a moment that `status` need not spend.
    `stop_wait_s` is how long it may take to finish its work before it is killed. `user` is a
    user's name, or None for the caller. `own` is False for an outside server, which is only
    looked at.
    """

    name: str
    command: Callable[[], tuple[str, ...]]
    is_ready: Callable[[], bool]
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    stop_wait_s: int = 15
    own: bool = True


def is_store(name: str) -> bool:
    """Tell whether others need this process in order to stop cleanly."""
    return name == "kafka" or name.startswith("postgres-")


def processes_of(stack: Stack) -> list[Process]:
    """Return every process in the order a reader follows the road; outside stores included."""
    processes = [_links(stack)] if links.are_on(stack) else []
    processes.append(_gateway(stack))
    for service in SERVICES:
        processes += [_web(stack, service, name) for name in _replicas(stack, service, "web")]
        processes += [
            _consumer(stack, service, name) for name in _replicas(stack, service, "consumer")
        ]
        processes += [_publisher(stack, service, name) for name in _publishers(stack, service)]
        processes.append(_celery(stack, service))
    processes.append(_kafka(stack))
    return processes + [_postgres(stack, service) for service in SERVICES]


def _replicas(stack: Stack, service: str, kind: str) -> list[str]:
    return replica_names(f"{service}-{kind}", stack.replicas)


def _publishers(stack: Stack, service: str) -> list[str]:
    """Every process publishes what it commits; more publishers than that are for chaos runs."""
    count = int(stack.variables.get("EXTRA_PUBLISHERS", "0"))
    return replica_names(f"{service}-publisher", count) if count else []


def _links(stack: Stack) -> Process:
    port = links.link_port(stack, links.PROCESS)
    names = ("LOCAL_DIR", "PORT_OFFSET", "REPLICAS")
    values = stack_environment(stack)
    return Process(
        name=links.PROCESS,
        command=lambda: (sys.executable, "-m", "tests.chaos.proxy"),
        is_ready=lambda: not is_free(port),
        port=port,
        environment={name: values[name] for name in names} | {"CHAOS_LINKS": "1"},
    )


def _gateway(stack: Stack) -> Process:
    return Process(
        name="gateway",
        command=lambda: gateway.command(stack),
        is_ready=lambda: readiness.answers(f"{stack.url('gateway-admin')}/ready"),
        port=stack.port("gateway"),
    )


def _web(stack: Stack, service: str, name: str) -> Process:
    command = (
        *(sys.executable, "-m", "common.serve", service),
        *("--bind", f"{LOOPBACK}:{stack.port(name)}"),
    )
    return Process(
        name=name,
        command=lambda: command,
        is_ready=lambda: readiness.answers(f"{stack.url(name)}/healthz/ready"),
        port=stack.port(name),
        environment=process_environment(stack, service, name),
    )


def _consumer(stack: Stack, service: str, name: str) -> Process:
    heartbeat = heartbeat_file(stack, name)
    return Process(
        name=name,
        command=lambda: (sys.executable, f"{service}/manage.py", "consume_events"),
        is_ready=lambda: readiness.is_fresh(heartbeat),
        environment=process_environment(stack, service, name),
    )


def _publisher(stack: Stack, service: str, name: str) -> Process:
    return Process(
        name=name,
        command=lambda: (sys.executable, f"{service}/manage.py", "publish_outbox", "--follow"),
        is_ready=lambda: True,  # it listens nowhere, and others publish as well
        environment=process_environment(stack, service, name),
    )


def _celery(stack: Stack, service: str) -> Process:
    name = f"{service}-celery"
    schedule = str(stack.run / f"{name}.schedule")
    command = (
        *(sys.executable, "-m", "celery", "--app", f"{service}.celery", "worker", "--beat"),
        *("--pool", "solo", "--without-gossip", "--without-mingle", "--schedule", schedule),
        *("--loglevel", "info"),
    )
    return Process(
        name=name,
        command=lambda: command,
        is_ready=lambda: True,  # nothing waits for housekeeping; that it runs is enough
        environment=process_environment(stack, service, name),
    )


def _kafka(stack: Stack) -> Process:
    bootstrap = kafka.bootstrap(stack)
    return Process(
        name="kafka",
        command=lambda: kafka.command(stack),
        is_ready=lambda: readiness.kafka_answers(bootstrap),
        port=int(bootstrap.split(",")[0].rpartition(":")[2]),
        stop_wait_s=30,
        own=has_own_kafka(stack),
    )


def _postgres(stack: Stack, service: str) -> Process:
    name = f"postgres-{service}"
    url = stack_environment(stack)[f"{service.upper()}_DATABASE_URL"]
    where = place(stack)
    return Process(
        name=name,
        command=lambda: postgres.command(stack, service),
        is_ready=lambda: readiness.database_answers(url),
        port=urlsplit(url).port or 5432,
        user=where.user.pw_name if where.user else None,
        stop_signal="INT",  # the "fast" shutdown: sessions are ended, nothing is lost
        stop_wait_s=30,
        own=has_own_database(stack, service),
    )
