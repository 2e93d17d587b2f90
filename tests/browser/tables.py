"""The content of a service's database as a number for each table, while nobody works on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from compose.local import supervisor
from compose.local.processes import processes_of
from compose.local.stack import stack_from
from tests.browser.consoles import SERVICES
from tests.e2e.client import wait_for

NOT_DATA = {"django_session", "cache_entry"}
"""Who is signed in and when they were last seen, and counters of attempts."""


def contents(service: str) -> dict[str, str]:
    """A digest of every table, over all of its rows in any order."""
    url = os.environ[f"{service.upper()}_MIGRATION_DATABASE_URL"]
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {name: _digest(connection, name) for (name,) in names if name not in NOT_DATA}


def _digest(connection: psycopg.Connection, name: str) -> str:
    statement = sql.SQL(
        "SELECT count(*) || ' rows ' || md5(coalesce(string_agg(one, '' ORDER BY one), ''))"
        " FROM (SELECT md5(t::text) AS one FROM {} t) rows"
    )
    row = connection.execute(statement.format(sql.Identifier(name))).fetchone()
    assert row is not None
    return str(row[0])


@contextmanager
def nobody_else_at_work() -> Iterator[None]:
    """Stop what writes by itself, once nothing is on its way any more; and start it again."""
    stack = stack_from(os.environ)
    kinds = ("-consumer", "-celery", "-publisher")
    workers = [
        process for process in processes_of(stack) if any(kind in process.name for kind in kinds)
    ]
    supervisor.stop_all(stack, [worker.name for worker in workers])
    try:
        wait_for("everything is published", _all_published)
        yield
    finally:
        for worker in workers:
            supervisor.start_process(stack, worker.name)
        for worker in workers:
            wait_for(f"{worker.name} is back", lambda worker=worker: worker.is_ready() or None)


def _all_published() -> bool | None:
    for service in SERVICES:
        with psycopg.connect(os.environ[f"{service.upper()}_MIGRATION_DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT FROM outbox_message WHERE published_at IS NULL)"
            ).fetchone()
            assert row is not None
            if row[0]:
                return None
    return True
