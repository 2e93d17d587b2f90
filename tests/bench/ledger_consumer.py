"""One `consume_events` of the transactions service, as a process of its own, and what it did."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from compose.local.stack import ROOT
from tests.bench import ledger_databases as databases
from tests.chaos import killing

_IDLE_S = "30"
_LOOK_S = 0.2
_COMMAND = (sys.executable, "transactions/manage.py", "consume_events", "--until-idle", _IDLE_S)

# The stack's consumer of the same group; ours goes under its name, so that the group does not
# wait for a member that is away.
_INSTANCE = "transactions-consumer"
_NOT_NEEDED = (_INSTANCE, "users-consumer", "transactions-celery", "users-celery")


class Consumed(NamedTuple):
    """Events a second, and the largest resident set of the process in MiB."""

    rate: float
    rss: float


@contextmanager
def alone() -> Iterator[None]:
    """Stop those processes of the stack that would take part, or take time, meanwhile."""
    for name in _NOT_NEEDED:
        killing.stop(name)
    try:
        yield
    finally:
        for name in _NOT_NEEDED:
            killing.start(name)


def consume(database: str, *, events: int, publishing: bool = False) -> Consumed:
    """
    Let one consumer apply what lies in Kafka, and check that all of it was posted.

    With `publishing` it sends the outcomes as well, as it does when nobody else is to.
    """
    with databases.connect(database) as connection:
        (began,) = connection.execute("SELECT clock_timestamp()").fetchone()
    rss = _run(database, events=events, publishing=publishing)
    return Consumed(_rate(database, events, since=began), rss)


def _run(database: str, *, events: int, publishing: bool) -> float:
    environment = databases.environment_of(database) | {
        "CONSUMER_INSTANCE_ID": _INSTANCE,
        "OUTBOX_PUBLISH": str(publishing).lower(),
    }
    command = [*_COMMAND, "--max-messages", str(events)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        rss = 0.0
        while process.poll() is None:
            rss = _rss_max(process.pid) or rss
            try:
                process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        assert process.stdout
        assert process.stdout.read() == f"consumed {events} messages\n"
    return rss


def _rss_max(pid: int) -> float:
    """The high-water mark of a process so far; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    marks = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(marks[0]) / 1024 if marks else 0.0


def _rate(database: str, events: int, *, since: datetime) -> float:
    """
    Events a second, of the moments at which the batches were recorded.

    Each is the database's clock within its batch, so from the first to the last one lie all
    batches but one, whole: polled, decoded, decided, written and committed.
    """
    with databases.connect(database) as connection:
        batches = connection.execute(
            """
            SELECT recorded_at, count(*), count(*) FILTER (WHERE state = 'posted')
            FROM ledger_transaction WHERE recorded_at >= %s GROUP BY 1 ORDER BY 1
            """,
            [since],
        ).fetchall()
        (aside,) = connection.execute("SELECT count(*) FROM inbox_waiting").fetchone()
    assert sum(posted for _, _, posted in batches) == events
    assert aside == 0
    took = batches[-1][0] - batches[0][0]
    return sum(count for _, count, _ in batches[:-1]) / took.total_seconds()
