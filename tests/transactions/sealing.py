"""Sealing in tests, whose database cluster is shared with whatever else runs on it."""

import time

import pytest
from django.db import connection

from transactions.ledger.seals import journal_seal

ENDED_WITHIN_S = 60
"""A test beside this one is a transaction, too, and some ask for every page of a console."""

_ENDED = """
    SELECT NOT EXISTS (
        SELECT FROM ledger_journal_entry
        WHERE written_by >= pg_snapshot_xmin(pg_current_snapshot())
    )
"""


def seal(**limits):
    """Seal every entry; whoever began before the last writer in the whole cluster has ended."""
    wait_until_writers_ended()
    return journal_seal(**limits)


def wait_until_writers_ended():
    """Return when every entry can be sealed; ids are those of the cluster, not of one database."""
    deadline = time.monotonic() + ENDED_WITHIN_S
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(_ENDED)
            if cursor.fetchone()[0]:
                return
    pytest.fail("somebody on this cluster does not end")
