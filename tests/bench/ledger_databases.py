"""Databases of the transactions service for a benchmark, beside the one that the stack uses."""

import os
import subprocess
import sys
from typing import Literal
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from compose.local.stack import ROOT

TEMPLATE = "bench_template"
"""A database with every table of the service and no rows."""

_URL = {"owner": "TRANSACTIONS_MIGRATION_DATABASE_URL", "app": "TRANSACTIONS_DATABASE_URL"}

# What compose/roles.sql says in the database of a service, before the first table is made.
_RIGHTS = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app};
"""


def url_of(database: str, role: Literal["owner", "app"]) -> str:
    """Where a database of the stack's server is, for one of the service's roles."""
    return urlsplit(os.environ[_URL[role]])._replace(path=f"/{database}").geturl()


def connect(database: str, role: Literal["owner", "app"] = "owner") -> psycopg.Connection:
    """A connection that commits every statement by itself."""
    return psycopg.connect(url_of(database, role), autocommit=True)


def environment_of(database: str) -> dict[str, str]:
    """The variables of a process of the service that works on this database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "transactions.settings.local",
        "TRANSACTIONS_DATABASE_URL": url_of(database, "app"),
        "TRANSACTIONS_MIGRATION_DATABASE_URL": url_of(database, "owner"),
    }


def template_make() -> None:
    """Make the template, migrated as any database of the service is."""
    _create(TEMPLATE, like="template1")
    app = urlsplit(os.environ[_URL["app"]]).username or ""
    with connect(TEMPLATE) as connection:
        connection.execute(sql.SQL(_RIGHTS).format(app=sql.Identifier(app)))
    subprocess.run(
        [sys.executable, "transactions/manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment_of(TEMPLATE),
        check=True,
    )


def fresh(name: str) -> str:
    """Make a database without rows in the place of the last one of this name; its name."""
    _create(name, like=TEMPLATE)
    return name


def columns_copied(connection: psycopg.Connection, table: str) -> list[str]:
    """The columns of a table that whoever writes a row gives; the database draws the others."""
    rows = connection.execute(
        """
        SELECT column_name FROM information_schema.columns
        WHERE table_name = %s AND is_identity = 'NO' AND is_generated = 'NEVER'
            AND data_type <> 'xid8'
        ORDER BY ordinal_position
        """,
        [table],
    )
    return [name for (name,) in rows]


def _create(name: str, *, like: str) -> None:
    with connect(urlsplit(os.environ[_URL["owner"]]).path[1:]) as connection:
        for statement in (
            "DROP DATABASE IF EXISTS {name}",  # without FORCE it may end an autovacuum
            "CREATE DATABASE {name} TEMPLATE {like}",
        ):
            connection.execute(
                sql.SQL(statement).format(name=sql.Identifier(name), like=sql.Identifier(like))
            )
