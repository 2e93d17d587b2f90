"""
A transaction's postings balance, are in its currency, and are written together with it.

Two rules together leave no way around. Each statement that writes postings writes balanced
sets of them, and only for transactions that the running database transaction wrote
(`written_by`). And at COMMIT every transaction is held against its postings: a posted one has
them on the accounts it names, a refused one has none. The second rule is a deferred trigger on
the header, once per transaction (P40); alone it could be outwitted by SET CONSTRAINTS.
"""

from django.db import migrations

# Plans are kept for the life of a session, and one that is made while the tables are small
# reads them whole; so the functions do without sequential scans and hash joins.
FORWARD = """
ALTER TABLE ledger_transaction
    ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION ledger_postings_check() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written GROUP BY transaction_id, layer
        HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0
    ) THEN
        RAISE EXCEPTION 'debits and credits of a transaction differ'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_posting',
                CONSTRAINT = 'posting_statement_balances';
    END IF;
    IF EXISTS (
        SELECT FROM written
        LEFT JOIN ledger_transaction AS header ON header.id = written.transaction_id
        LEFT JOIN ledger_account AS account ON account.id = written.account_id
        WHERE header.written_by IS DISTINCT FROM pg_current_xact_id()
            OR account.currency IS DISTINCT FROM header.currency
    ) THEN
        RAISE EXCEPTION 'a posting is written with its transaction, in its currency'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_posting',
                CONSTRAINT = 'posting_belongs_to_new_transaction';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_posting_check
    AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_check();

CREATE FUNCTION ledger_transaction_check() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    legs record;
BEGIN
    SELECT count(*) AS number,
        coalesce(sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END)
            FILTER (WHERE layer = 'posted'), 0) AS posted,
        coalesce(sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END)
            FILTER (WHERE layer = 'pending'), 0) AS pending,
        bool_or(direction = 'debit' AND account_id = NEW.debit_account_id) AS debited,
        bool_or(direction = 'credit' AND account_id = NEW.credit_account_id) AS credited
    INTO legs FROM ledger_posting WHERE transaction_id = NEW.id;
    IF NEW.written_by = pg_current_xact_id() AND (
        (NEW.state = 'rejected' AND legs.number = 0)
        OR (NEW.state = 'posted' AND legs.posted = 0 AND legs.pending = 0
            AND legs.debited AND legs.credited)
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'ledger transaction % does not balance', NEW.id
        USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction',
            CONSTRAINT = 'ledger_transaction_balances';
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_balances
    AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_transaction_check();
"""

REVERSE = """
DROP TRIGGER ledger_transaction_balances ON ledger_transaction;
DROP FUNCTION ledger_transaction_check();
DROP TRIGGER ledger_posting_check ON ledger_posting;
DROP FUNCTION ledger_postings_check();
ALTER TABLE ledger_transaction DROP COLUMN written_by;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_ledger_append_only")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
