"""
A journal entry is about a transaction that exists.

Once for each statement instead of once for each row, as a foreign key would check.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_journal_entries_check() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written
        LEFT JOIN ledger_transaction AS header ON header.id = written.transaction_id
        WHERE header.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a journal entry is about no transaction'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'ledger_journal_entry',
                CONSTRAINT = 'journal_entry_belongs_to_transaction';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_journal_entry_check
    AFTER INSERT ON ledger_journal_entry REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_journal_entries_check();
"""

REVERSE = """
DROP TRIGGER ledger_journal_entry_check ON ledger_journal_entry;
DROP FUNCTION ledger_journal_entries_check();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_postings_balance")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
