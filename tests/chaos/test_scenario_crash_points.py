"""
A process dies at every side effect, is started again, and nothing is half done or done twice.

`./manage_all.sh chaos --scenario crash_points` crashes at all of them, one at a time; `test` at a
sample, which the same payments meet one after the other. The stack's own processes stand still
from then on: only the process under test may do the work.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from common.ids import uuid7
from compose.local import supervisor
from compose.local.environment import inherited, service_environment
from compose.local.stack import ROOT, stack_from
from tests.chaos import checker, killing
from tests.chaos.crash_points import POINTS, Point
from tests.chaos.databases import query, url_of
from tests.chaos.journal import Accepted, Journal
from tests.e2e.client import wait_for

ALL = bool(os.environ.get("CHAOS_FULL"))
SAMPLE = {
    "users: accepted, not told",
    "users: produced, no report",
    "transactions: effects written",
    "transactions: after COMMIT of batch",
}
CHOSEN = [[p] for p in POINTS] if ALL else [[p for p in POINTS if str(p) in SAMPLE]]
STAGES = (
    ("users", "submit"),
    ("users", "publish"),
    ("transactions", "consume"),
    ("transactions", "publish"),
    ("users", "consume"),
)
PROCESS_S = 60
EVENTS = 3
HEARTBEAT = stack_from(os.environ).run / "crash-points.heartbeat"
OUTBOX_LOCK = int.from_bytes(b"outbox")

pytestmark = pytest.mark.timeout(1800)


class Road:
    """The five commands that carry a payment, each in a process of its own."""

    def __init__(self, payer: str, payee: str) -> None:
        self.payer, self.payee = payer, payee
        self.journal = Journal()
        self.since = datetime.now(UTC)

    def submit(self, keys: list[str], point: Point | None = None) -> None:
        """Ask for payments, and write down the ids that were told."""
        done = _run("users", ["-m", "tests.chaos.submitting", self.payer, self.payee, *keys], point)
        for key, made in zip(keys, done.split(), strict=False):
            self.journal.accepted.append(
                Accepted(self.payer, key, made, f"/api/v1/transactions/{made}", attempts=1)
            )

    def publish(self, service: str, point: Point | None = None) -> None:
        """Publish everything that waits."""
        _run(service, [f"{service}/manage.py", "publish_outbox", "--once"], point)

    def consume(self, service: str, point: Point | None = None) -> None:
        """Apply everything that was published."""
        peer = {"users": "transactions", "transactions": "users"}[service]
        command = [f"{service}/manage.py", "consume_events"]
        with _nobody_publishes(service):
            if point:
                _run(service, command, point)
                return
            process = _start(service, command, point)
            try:
                wait_for("it consumes", lambda: HEARTBEAT.exists() or None, deadline_s=PROCESS_S)
                checker.wait_until_all_applied(peer)
            finally:
                process.send_signal(signal.SIGTERM)
                output, _ = process.communicate(timeout=PROCESS_S)
        assert process.returncode == 0, output


@contextmanager
def _nobody_publishes(service: str) -> Iterator[None]:
    """Hold the outbox's lock: a consumer publishes too, and must leave that to its own stage."""
    with psycopg.connect(url_of(service), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [OUTBOX_LOCK])
        yield


def _start(service: str, command: list[str], point: Point | None) -> "subprocess.Popen[str]":
    stack = stack_from(os.environ)
    HEARTBEAT.unlink(missing_ok=True)
    variables = inherited(stack) | service_environment(stack, service)
    variables |= {
        "DJANGO_SETTINGS_MODULE": f"{service}.settings.test",
        "CONSUMER_INSTANCE_ID": f"{service}-consumer",
        "HEARTBEAT_FILE": str(HEARTBEAT),
        "CRASH_AT": str(point) if point else "",
    }
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _run(service: str, command: list[str], point: Point | None) -> str:
    """Run to the end; with a point, that must be the end it gives itself."""
    process = _start(service, command, point)
    try:
        output, _ = process.communicate(timeout=PROCESS_S)
    except subprocess.TimeoutExpired:
        process.kill()  # it must not do the work of the tests that follow
        output, _ = process.communicate()
        raise AssertionError(f"{point or command} was not reached: {output}") from None
    expected = -signal.SIGKILL if point else 0
    assert process.returncode == expected, f"{point or command} ended otherwise: {output}"
    return "" if point else output


@pytest.fixture(scope="module")
def road(people):
    payer, payee, *_ = people
    assert checker.wait_for_rest() is not None
    stack = stack_from(os.environ)
    own = [n for n in killing.names() if n.startswith(("users-", "transactions-"))]
    supervisor.stop_all(stack, own)
    return Road(payer.id, payee.id)


@pytest.mark.parametrize("points", CHOSEN, ids=lambda points: "; ".join(map(str, points)))
def test_what_a_crash_left_undone_is_done_once_afterwards(road: Road, points: list[Point]):
    keys = [str(uuid7()) for _ in range(EVENTS)]

    for service, stage in STAGES:
        for point in points:
            if (point.service, point.stage) == (service, stage):
                _stage(road, service, stage, keys, point)
                _assert_nothing_is_half_done(service)
        _stage(road, service, stage, keys)

    assert checker.violated(checker.verdicts(road.journal, bank=None, since=road.since)) == {}
    ids = {e.id for e in road.journal.accepted if e.key in keys}
    settled = query("users", "SELECT status FROM transaction_request WHERE id = ANY(%s)", list(ids))
    assert settled == [("posted",)] * EVENTS


def _stage(
    road: Road, service: str, stage: str, keys: list[str], point: Point | None = None
) -> None:
    if stage == "submit":
        road.submit(keys, point)
    elif stage == "publish":
        road.publish(service, point)
    else:
        road.consume(service, point)


def _assert_nothing_is_half_done(service: str) -> None:
    """A transaction of a dead process is rolled back as soon as PostgreSQL notices."""
    wait_for("the dead session has ended", lambda: None if _sessions(service) else True)
    if service == "users":
        assert checker.without_one_event() == []
    assert checker.gaps(service) == []


def _sessions(service: str) -> list[tuple[object, ...]]:
    return query(
        service,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
