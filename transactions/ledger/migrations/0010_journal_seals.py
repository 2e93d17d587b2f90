"""
Journal entries are sealed: nothing changes, comes or goes below a seal without showing.

`written_by` says which database transaction wrote an entry, and a trigger lets nobody claim
another one. A transaction whose id is below `pg_snapshot_xmin` has ended, so nothing can still
commit into the range that a seal covers. The trigger on seals computes the digest again from the
stored hashes, so not even a wrong seal can be written by whoever may write seals.
"""

from typing import Any

import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models
from psycopg import sql

# Entries that were there before have the id of this migration, and are sealed by sequence.
WRITTEN_BY = """
ALTER TABLE ledger_journal_entry
    ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE INDEX journal_entry_by_writer ON ledger_journal_entry (written_by, sequence);

CREATE FUNCTION ledger_journal_writers_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM written WHERE written_by IS DISTINCT FROM pg_current_xact_id()) THEN
        RAISE EXCEPTION 'a journal entry claims to be written by another transaction'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_journal_entry',
                CONSTRAINT = 'journal_entry_written_now';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_journal_entry_written_now
    AFTER INSERT ON ledger_journal_entry REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_journal_writers_check();
"""

WRITTEN_BY_REVERSE = """
DROP TRIGGER ledger_journal_entry_written_now ON ledger_journal_entry;
DROP FUNCTION ledger_journal_writers_check();
DROP INDEX journal_entry_by_writer;
ALTER TABLE ledger_journal_entry DROP COLUMN written_by;
"""

SEALS = """
CREATE FUNCTION ledger_journal_seal_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    before record;
    sealed record;
BEGIN
    SELECT coalesce(number, 0) AS number, coalesce(digest, decode(repeat('00', 32), 'hex')) AS digest,
        coalesce(last_xid, 0)::text::xid8 AS xid, coalesce(last_sequence, 0) AS sequence,
        coalesce(highest_sequence, 0) AS highest
    INTO before
    FROM (SELECT) AS one
    LEFT JOIN (SELECT * FROM ledger_journal_seal ORDER BY number DESC LIMIT 1) AS head ON true;

    SELECT count(*) AS number, max(sequence) AS highest,
        bool_or((written_by, sequence) = (NEW.last_xid::text::xid8, NEW.last_sequence)) AS ends,
        sha256(before.digest || int8send(NEW.number)
            || string_agg(int8send(sequence) || hash, ''::bytea ORDER BY written_by, sequence)
        ) AS digest
    INTO sealed
    FROM ledger_journal_entry
    WHERE (written_by, sequence) > (before.xid, before.sequence)
        AND (written_by, sequence) <= (NEW.last_xid::text::xid8, NEW.last_sequence);

    IF NEW.last_xid::text::xid8 < horizon
        AND NEW.number = before.number + 1 AND NEW.previous = before.digest
        AND NEW.entries = sealed.number AND sealed.ends
        AND NEW.highest_sequence = greatest(before.highest, sealed.highest)
        AND NEW.digest = sealed.digest
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'seal % is not one over the next finished journal entries', NEW.number
        USING ERRCODE = 'check_violation', TABLE = 'ledger_journal_seal',
            CONSTRAINT = 'journal_seal_fits_the_journal';
END $$;

CREATE TRIGGER ledger_journal_seal_check
    BEFORE INSERT ON ledger_journal_seal
    FOR EACH ROW EXECUTE FUNCTION ledger_journal_seal_check();

CREATE TRIGGER ledger_journal_seal_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journal_seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

SEALS_REVERSE = """
DROP TRIGGER ledger_journal_seal_append_only ON ledger_journal_seal;
DROP TRIGGER ledger_journal_seal_check ON ledger_journal_seal;
DROP FUNCTION ledger_journal_seal_check();
"""


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    _run(schema_editor, "REVOKE UPDATE, DELETE, TRUNCATE ON ledger_journal_seal FROM {role}")


def rights_give_back(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    _run(schema_editor, "GRANT UPDATE, DELETE ON ledger_journal_seal TO {role}")


def _run(schema_editor: Any, statement: str) -> None:
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))


class Migration(migrations.Migration):
    dependencies = [("ledger", "0009_account_status")]

    operations = [
        migrations.RunSQL(WRITTEN_BY, WRITTEN_BY_REVERSE),
        migrations.CreateModel(
            name="JournalSeal",
            fields=[
                (
                    "number",
                    models.BigIntegerField(
                        help_text="From 1, without gaps.", primary_key=True, serialize=False
                    ),
                ),
                ("previous", models.BinaryField(max_length=32)),
                ("entries", models.IntegerField(help_text="Journal entries under this seal.")),
                (
                    "last_xid",
                    models.BigIntegerField(
                        help_text="The transaction id that wrote the last entry."
                    ),
                ),
                (
                    "last_sequence",
                    models.BigIntegerField(help_text="The sequence of the last entry."),
                ),
                ("highest_sequence", models.BigIntegerField()),
                ("sealed_at", models.DateTimeField()),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={"verbose_name": "journal seal", "db_table": "ledger_journal_seal"},
        ),
        migrations.AddConstraint(
            model_name="journalseal",
            constraint=models.CheckConstraint(
                condition=models.Q(("entries__gte", 1), ("number__gte", 1)),
                name="journal_seal_counts_from_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalseal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.functions.text.Length("digest"), 32
                    ),
                    django.db.models.lookups.Exact(
                        django.db.models.functions.text.Length("previous"), 32
                    ),
                ),
                name="journal_seal_digests_sha256",
            ),
        ),
        migrations.CreateModel(
            name="LedgerCheckResult",
            fields=[
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("sealing", "Sealing"),
                            ("chain", "Chain of seals"),
                            ("ledger", "Balances and postings"),
                        ],
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("ok", models.BooleanField()),
                ("details", models.TextField(blank=True, default="")),
            ],
            options={
                "verbose_name": "check of the books",
                "verbose_name_plural": "checks of the books",
                "db_table": "ledger_check_result",
            },
        ),
        migrations.RunSQL(SEALS, SEALS_REVERSE),
        migrations.RunPython(rights_take, rights_give_back),
    ]
