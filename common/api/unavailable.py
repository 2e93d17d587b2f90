"""Trouble with the database, told to clients as 503: a retry with the same key does no harm."""

from django.db import DatabaseError, InterfaceError
from psycopg import errors as postgres

from common.db.transient import is_transient
from common.errors import Unavailable


class Busy(Unavailable):
    """Another request holds what this one needs, most likely its own twin."""

    code = "busy"
    title = "Another request is in the way; try again"
    when = "Another request holds what this one needs for too long, most likely its own twin."
    remedy = "Repeat the request with the same idempotency key after `Retry-After` seconds."


class DatabaseUnavailable(Unavailable):
    """The database did not answer in time."""

    when = "The database does not answer in time."


def unavailable_from(error: Exception) -> Unavailable | None:
    """The 503 that a transient database error becomes; None when it is anything else."""
    if not isinstance(error, DatabaseError | InterfaceError) or not is_transient(error):
        return None
    if isinstance(error.__cause__, postgres.LockNotAvailable | postgres.DeadlockDetected):
        return Busy()
    return DatabaseUnavailable()
