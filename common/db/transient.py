"""Which database errors go away by themselves, so that the whole transaction is tried again."""

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError

_TRANSIENT_CLASSES = frozenset({"08", "53", "57", "58"})
_TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "25006", "25P02", "25P03", "25P04"})


def is_transient(error: BaseException) -> bool:
    """
    Whether trying the whole transaction again can help.

    Lost connections, restarts, timeouts, deadlocks, serialization failures, full disks and a
    server that only reads until its failover is done (25006) are transient (PostgreSQL's error
    codes, appendix A); a broken rule or bad data is not.
    """
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError):
        return False
    state = _sqlstate(error)
    if state is None:
        return isinstance(error, OperationalError)
    return state in _TRANSIENT_STATES or state[:2] in _TRANSIENT_CLASSES


def _sqlstate(error: DatabaseError) -> str | None:
    cause = error.__cause__
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None
