"""What a superuser of the database can do to the ledger, past every trigger."""

from contextlib import contextmanager

from django.db import connection, transaction

from tests.transactions.books import execute
from transactions.ledger.chain import FIRST_PREVIOUS, SealDigest
from transactions.ledger.journal import entry_hash
from transactions.ledger.models import JournalEntry, JournalSeal
from transactions.ledger.stored_journal import ENTRIES, entry_of

_TABLES = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'ledger_%'"


@contextmanager
def past_the_rules():
    """Every trigger of the ledger is off for a moment, as under `session_replication_role`."""
    with transaction.atomic():
        # A table whose deferred checks are still to come cannot be altered.
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        execute("SET CONSTRAINTS ALL DEFERRED")
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            tables = [table for (table,) in cursor.fetchall()]
        for table in tables:
            execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(statement, parameters=()):
    """Run one statement past the rules and say how many rows it changed."""
    with past_the_rules(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def hashes_make_again():
    """Give every journal entry the hash of what is stored by now."""
    with past_the_rules():
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, [0, 0])
            entries = [entry_of(row) for row in cursor.fetchall()]
        for entry in entries:
            JournalEntry.objects.filter(pk=entry.sequence).update(hash=entry_hash(entry.content))


def chain_make_again():
    """Give every seal the digest of what is stored by now, each on the one before."""
    previous = FIRST_PREVIOUS
    with past_the_rules():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sequence, hash FROM ledger_journal_entry ORDER BY written_by, sequence"
            )
            entries = iter(cursor.fetchall())
        for seal in JournalSeal.objects.order_by("number"):
            digest = SealDigest(number=seal.number, previous=previous)
            while digest.last_sequence != seal.last_sequence:
                sequence, of_entry = next(entries)
                digest.add(sequence, bytes(of_entry))
            JournalSeal.objects.filter(pk=seal.number).update(
                previous=previous, digest=digest.value(), entries=digest.entries
            )
            previous = digest.value()
