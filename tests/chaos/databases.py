"""Both databases, read past the services and past the proxy, by whoever checks."""

import os
from typing import Any

import psycopg


def url_of(service: str) -> str:
    """The owner's URL of a service's database."""
    return os.environ[f"{service.upper()}_MIGRATION_DATABASE_URL"]


def query(service: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """The rows of one statement, on a connection of its own."""
    with psycopg.connect(url_of(service), connect_timeout=5) as connection:
        return connection.execute(statement, parameters).fetchall()
