"""How long PostgreSQL waits for whom: bounds that keep a stopped process from stopping others."""

from typing import Literal

from django.db import connections

ProcessKind = Literal["web", "consumer", "command"]

_TIMEOUTS: dict[ProcessKind, dict[str, str]] = {
    "web": {
        "statement_timeout": "2s",
        "lock_timeout": "1s",
        "idle_in_transaction_session_timeout": "5s",
    },
    "consumer": {
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
    },
    "command": {"lock_timeout": "5s", "idle_in_transaction_session_timeout": "60s"},
}


def timeout_options(kind: ProcessKind) -> str:
    """The timeouts of a kind of process as libpq's `options`."""
    return " ".join(f"-c {name}={value}" for name, value in _TIMEOUTS[kind].items())


def timeouts_use(kind: ProcessKind) -> None:
    """
    Give this process the timeouts of its kind and one plain connection instead of a pool.

    For long-lived commands, before their first query. Settings describe web processes.
    """
    connection = connections["default"]
    connection.close()
    # One connection for the life of the process: a restart of the database shows as an error
    # of the next statement, which the loop treats as transient anyway.
    connection.settings_dict.update(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=False)
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options["options"] = timeout_options(kind)
