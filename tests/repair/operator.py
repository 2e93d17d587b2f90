"""What an operator does in docs/restore.md, with the programs and the stack of the test run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from compose.local import status, supervisor
from compose.local.environment import inherited, service_environment
from compose.local.placement import place
from compose.local.stack import ROOT, stack_from
from tests.e2e.client import wait_for

READY_WITHIN_S = 60
AGREED_WITHIN_S = 60
PROCESSES = ("web", "consumer", "celery")


def manage(service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A service's `manage.py`, to its end."""
    stack = stack_from(os.environ)
    return subprocess.run(
        [sys.executable, f"{service}/manage.py", *arguments],
        cwd=ROOT,
        env=inherited(stack) | service_environment(stack, service),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def stop(service: str) -> None:
    """Stop everything of a service that writes."""
    stack = stack_from(os.environ)
    supervisor.stop_all(stack, {f"{service}-{kind}" for kind in PROCESSES})


def start(service: str) -> None:
    """Start a service and wait until all of it is ready."""
    stack = stack_from(os.environ)
    names = {f"{service}-{kind}" for kind in PROCESSES}
    for name in names:
        supervisor.start_process(stack, name)

    def look() -> bool | None:
        rows = status.collect(stack, fast=True)["processes"]
        return all(row["ready"] for row in rows if row["name"] in names) or None

    wait_for(f"{service} is ready", look, deadline_s=READY_WITHIN_S)


def back_up(service: str, folder: Path) -> Path:
    """A backup of a service's database while it is at work."""
    file = folder / f"{service}.dump"
    _postgres("pg_dump", "--format=custom", f"--file={file}", _owner(service))
    return file


def restore(service: str, file: Path) -> None:
    """Put a service's database back to a backup; nothing of the service runs."""
    arguments = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error")
    _postgres("pg_restore", *arguments, f"--dbname={_owner(service)}", str(file))


def query(service: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Look into a service's database, as its owner."""
    with psycopg.connect(_owner(service)) as connection:
        return connection.execute(statement, parameters).fetchall()


def wait_until_published(service: str, transaction_ids: list[str]) -> None:
    """Wait until what a service says about each of these transactions is in Kafka."""
    sent = (
        "SELECT count(*) FROM outbox_message WHERE published_at IS NOT NULL AND subject = ANY(%s)"
    )

    def look() -> bool | None:
        return query(service, sent, transaction_ids)[0][0] >= len(transaction_ids) or None

    wait_for(f"{service} has published it all", look)


def resume(service: str) -> str:
    """Resume a restored service's outbox, as soon as the other one has read everything."""

    def look() -> str | None:
        done = manage(service, "outbox_resume", "--from-peer")
        assert done.returncode == 0 or "has not read" in done.stderr, done.stderr
        return done.stdout if done.returncode == 0 else None

    return wait_for(f"the outbox of {service} is resumed", look)


def reconcile_until_proven(service: str, *, returncode: int = 0) -> str:
    """Reconcile the streams of a service until every transaction is accounted for."""

    def look() -> str | None:
        done = manage(service, "reconcile_streams", "--every-stream", "--older-than", "1")
        assert done.returncode == 0, done.stdout + done.stderr
        proof = manage("users", "prove_effects", "--grace", "0")
        at_rest = "pending" not in _verdicts(proof.stdout)
        return proof.stdout if at_rest and proof.returncode == returncode else None

    return wait_for("every transaction is accounted for", look, deadline_s=AGREED_WITHIN_S)


def unknown_to_users(proof: str) -> set[str]:
    """The ids that a proof says users does not know."""
    return {
        line.split()[0] for line in proof.splitlines() if line.split()[1:2] == ["unknown_to_users"]
    }


def _verdicts(proof: str) -> set[str]:
    """The verdicts of single transactions, without the table at the end."""
    lines = [line.split() for line in proof.splitlines()]
    return {words[1] for words in lines if len(words) > 1 and len(words[0]) == 36}


def _owner(service: str) -> str:
    return os.environ[f"{service.upper()}_MIGRATION_DATABASE_URL"]


def _postgres(program: str, *arguments: str) -> None:
    path = place(stack_from(os.environ)).programs / program
    done = subprocess.run(
        [str(path), *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
