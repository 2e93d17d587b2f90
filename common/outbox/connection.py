"""How the publisher connects to the database of its service."""

from typing import Any

import psycopg

from common.db.own_session import own_session


def publisher_connection(*, idle_timeout: str) -> psycopg.Connection[Any]:
    """
    Open a session of the publisher's own; see `own_session`.

    Text is asked for in UTC: the times of events are sent as PostgreSQL prints them.
    """
    return own_session(purpose="publisher", idle_timeout=idle_timeout)
