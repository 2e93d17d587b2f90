"""A session with the service's database that belongs to one thread for as long as it wants."""

from typing import Any

import psycopg
from django.db import connections


def own_session(*, purpose: str, idle_timeout: str) -> psycopg.Connection[Any]:
    """
    Connect to the service's database in autocommit, outside of Django's pool.

    `purpose` is added to the name that the database shows of the process. `idle_timeout` is how
    long the session may be silent, in PostgreSQL's units; 0 for ever. Times come in UTC. A
    client that was stopped in the middle of an answer is neither idle nor running a statement
    to the server, which waits for room to send; only `tcp_user_timeout` ends such a session.
    """
    config = connections["default"].settings_dict
    options = {k: v for k, v in config["OPTIONS"].items() if k not in {"pool", "options"}}
    parameters: dict[str, Any] = {
        **options,
        "dbname": config["NAME"],
        "user": config["USER"],
        "password": config["PASSWORD"],
        "host": config["HOST"] or None,
        "port": config["PORT"] or None,
        "options": f"-c idle_session_timeout={idle_timeout} -c statement_timeout=10s"
        " -c lock_timeout=5s -c tcp_user_timeout=10s -c timezone=UTC",
        "application_name": f"{options.get('application_name', 'notion')} {purpose}",
    }
    return psycopg.connect(**parameters, autocommit=True)
