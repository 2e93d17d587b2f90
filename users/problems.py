"""Trouble with the database, told to clients as 503: a retry with the same key does no harm."""

from django.db import DatabaseError, InterfaceError
from psycopg import errors as postgres

from common.api.problems import ProblemHandler
from common.db.transient import is_transient
from common.errors import Unavailable


class Busy(Unavailable):
    """Another request holds what this one needs, most likely its own twin."""

    code = "busy"
    title = "Another request is in the way; try again"


class DatabaseUnavailable(Unavailable):
    """The database did not answer in time."""


def unavailable_from(error: Exception) -> Unavailable | None:
    """The 503 that a transient database error becomes, or None when it is anything else."""
    if not isinstance(error, DatabaseError | InterfaceError) or not is_transient(error):
        return None
    cause = error.__cause__
    if isinstance(cause, postgres.LockNotAvailable | postgres.DeadlockDetected):
        return Busy()
    return DatabaseUnavailable()


class UsersProblemHandler(ProblemHandler):
    """Knows transient database errors beside everything that common knows."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        return super().convert_known_exceptions(unavailable_from(exc) or exc)
