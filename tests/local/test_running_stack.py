"""The stack of the test run: what the runner says of it, and that killed processes come back."""

import os
import signal
import time
from dataclasses import replace

import pytest

from compose.local import startup, status, supervisor
from compose.local.errors import OperatorError
from compose.local.lifecycle import restart

BACK_WITHIN_S = 60
NAMES = {
    *("gateway", "users-web", "users-consumer", "users-celery"),
    *("transactions-web", "transactions-consumer", "transactions-celery"),
    *("kafka", "postgres-users", "postgres-transactions"),
}


def process(stack, name):
    rows = status.collect(stack, fast=True)["processes"]
    return next(row for row in rows if row["name"] == name)


def eventually(check):
    deadline = time.monotonic() + BACK_WITHIN_S
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


class TestStatus:
    def test_has_the_agreed_shape(self, running):
        found = status.collect(running)

        assert found["healthy"] is True
        assert {row["name"] for row in found["processes"]} == NAMES
        for row in found["processes"]:
            assert row.keys() == {"name", "pid", "port", "state", "ready", "uptime_s"}
            assert (row["state"], row["ready"]) == ("running", True)
            assert row["pid"] > 0
        for service in ("users", "transactions"):
            assert found["outbox"][service].keys() == {"pending", "oldest_age_s", "parked"}
            assert found["lag"][service] >= 0
            assert found["dead_letters"][service] >= 0

    def test_of_a_stack_that_is_down_is_unhealthy(self, made):
        found = status.collect(made)

        assert found["healthy"] is False
        assert {row["state"] for row in found["processes"]} == {"stopped"}
        assert found["lag"] == {"users": None, "transactions": None}


@pytest.mark.parametrize("name", ["gateway", "users-celery", "postgres-transactions"])
def test_a_killed_process_comes_back(running, name):
    before = process(running, name)["pid"]

    os.kill(before, signal.SIGKILL)

    def is_back():
        now = process(running, name)
        return now["ready"] and now["pid"] not in {None, before}

    eventually(is_back)


class TestUp:
    def test_changes_nothing_when_everything_runs(self, running):
        eventually(lambda: status.collect(running, fast=True)["healthy"])
        before = {name: seen.pid for name, seen in supervisor.seen(running).items()}

        startup.up(running)

        assert {name: seen.pid for name, seen in supervisor.seen(running).items()} == before

    def test_names_the_port_another_stack_has(self, running, tmp_path):
        rival = replace(running, local_dir=tmp_path / "rival", variables={})

        with pytest.raises(OperatorError) as refused:
            startup.up(rival)

        assert f"port {running.port('gateway')} is taken by" in str(refused.value)
        assert "PORT_OFFSET=" in str(refused.value)


class TestRestart:
    def test_gives_a_process_a_new_life(self, running):
        before = process(running, "transactions-consumer")["pid"]

        restart(running, ["transactions-consumer"])

        assert process(running, "transactions-consumer")["pid"] not in {None, before}

    def test_refuses_a_name_that_means_nothing(self, running):
        with pytest.raises(OperatorError, match="there is no process 'kafak'; there are: gateway"):
            restart(running, ["kafak"])
