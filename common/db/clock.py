"""The database's clock: the one that all processes of a service share."""

from datetime import datetime

from django.db import connection


def database_clock() -> datetime:
    """The time at this statement, and not of the transaction's beginning: read it under locks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
