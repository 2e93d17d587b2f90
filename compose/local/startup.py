"""Bring a stack up: what is independent runs side by side, what is done is not done again."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from compose.local import (
    gateway,
    kafka,
    kafka_jars,
    leftovers,
    links,
    postgres,
    readiness,
    steps,
    supervisor,
)
from compose.local.environment import has_own_database
from compose.local.errors import OperatorError
from compose.local.lifecycle import alone, own_ports
from compose.local.ports import busy, listener
from compose.local.processes import Process, processes_of
from compose.local.stack import SERVICES, Stack
from compose.local.terminal import progress, step_done
from compose.local.waiting import Abandoned, wait_ready


def up(stack: Stack) -> None:
    """
    Bring the stack up and wait until every process is ready; safe to call again.

    Raises:
        NotReady: a process does not become ready.
        OperatorError: a port is taken, or a step failed.
    """
    with alone(stack):
        startup = Startup(stack, {process.name: process for process in processes_of(stack)})
        gateway_changed = gateway.write_config(stack)
        _ensure_supervisor(
            stack, [process for process in startup.processes.values() if process.own]
        )
        if gateway_changed:
            supervisor.stop_process(stack, "gateway")
        startup.run()


def _ensure_supervisor(stack: Stack, own: list[Process]) -> None:
    running = supervisor.is_running(stack)
    if not running:
        leftovers.stop(leftovers.living(stack))
        _refuse_busy_ports(stack)
    supervisor.write_config(stack, own)
    if running:
        supervisor.apply_changes(stack)
    else:
        supervisor.start(stack)


def _refuse_busy_ports(stack: Stack) -> None:
    taken = [f"  port {port} is taken by {listener(port)}" for port in busy(own_ports(stack))]
    if taken:
        advice = (
            f"PORT_OFFSET={stack.offset + 100} ./manage_all.sh … shifts every port of the stack"
        )
        raise OperatorError("\n".join(["the stack cannot listen:", *taken, advice]))


@dataclass
class Startup:
    """One run of `up`. When one part fails, the others stop waiting."""

    stack: Stack
    processes: dict[str, Process]
    abandon: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start everything in order of need; raises what failed first."""
        if links.PROCESS in self.processes:
            self._start(links.PROCESS)
        with ThreadPoolExecutor() as pool:
            broker = pool.submit(self._broker)
            parts = [pool.submit(self._service, service, broker) for service in SERVICES]
            parts += [broker, pool.submit(self._start, "gateway")]
            try:
                finished, _ = wait(parts, return_when=FIRST_EXCEPTION)
                for part in finished:
                    part.result()
            finally:
                self.abandon.set()

    def _broker(self) -> None:
        if self.processes["kafka"].own:
            self._timed("kafka", "jars fetched", lambda: kafka_jars.ensure(_show_fetched))
            kafka.prepare(self.stack)
        self._start("kafka")
        self._timed("kafka", "topics created", lambda: steps.create_topics(self.stack))

    def _service(self, service: str, broker: "Future[None]") -> None:
        self._database(service)
        self._timed(service, "migrated", lambda: steps.migrate(self.stack, service))
        if service == "users":
            self._timed(service, "signing key made", lambda: steps.create_signing_key(self.stack))
            self._timed(service, "console registered", lambda: steps.register_console(self.stack))
        own = [name for name in self.processes if name.startswith(f"{service}-")]
        early = [name for name in own if "-consumer" not in name]
        for name in early:
            supervisor.start_process(self.stack, name)
        self._timed(service, "demo accounts made", lambda: steps.seed_demo(self.stack, service))
        broker.result()
        for name in own:
            supervisor.start_process(self.stack, name)
        for name in own:
            self._start(name)

    def _database(self, service: str) -> None:
        name = f"postgres-{service}"
        if has_own_database(self.stack, service):
            self._timed(name, "cluster made", lambda: postgres.initialise(self.stack, service))
            supervisor.start_process(self.stack, name)
            self._wait_for_server(name, postgres.superuser_url(self.stack, service))
            self._timed(name, "roles made", lambda: steps.make_roles(self.stack, service))
        self._start(name)

    def _wait_for_server(self, name: str, superuser_url: str) -> None:
        """Wait as the superuser; the role whose answer counts later does not exist yet."""
        server = replace(
            self.processes[name], is_ready=lambda: readiness.database_answers(superuser_url)
        )
        wait_ready(self.stack, server, self.abandon)

    def _start(self, name: str) -> None:
        process, began = self.processes[name], time.monotonic()
        if process.own:
            supervisor.start_process(self.stack, name)
        wait_ready(self.stack, process, self.abandon)
        step_done(name, "ready", time.monotonic() - began)

    def _timed(self, name: str, what: str, do: Callable[[], object]) -> None:
        if self.abandon.is_set():
            raise Abandoned
        began = time.monotonic()
        if do():
            step_done(name, what, time.monotonic() - began)


def _show_fetched(done: int, total: int) -> None:
    if done == total:
        progress.print(f"[dim]kafka: {total} jars fetched and checked[/]")
