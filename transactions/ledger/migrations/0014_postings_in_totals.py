"""
What is posted is in the totals of its wallets, and from a frozen wallet nothing leaves.

Postings have the time of their transaction and are later than anything recorded on their wallets.
At COMMIT these wallets say that something was recorded up to that time, and 0011 lets them say so
only with totals that follow from all postings until then. So nothing is posted past the totals,
and the rule that no wallet goes below zero holds for postings, too.

A refused transaction has no postings, not even once the check that is due at COMMIT was brought
forward by SET CONSTRAINTS.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION ledger_postings_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    -- Whoever posts has these locks. Else a batch that runs at the same time could bring the
    -- time of the wallets forward, and the totals would be without these postings.
    PERFORM FROM ledger_account
        WHERE id IN (SELECT account_id FROM written) AND owner IS NOT NULL
        ORDER BY owner, currency FOR NO KEY UPDATE;
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
            OR header.state = 'rejected'
            OR written.recorded_at <> header.recorded_at
            -- The totals of a wallet follow from what is later; see 0011.
            OR (account.owner IS NOT NULL AND written.recorded_at <= account.last_recorded_at)
    ) THEN
        RAISE EXCEPTION 'a posting is written with its transaction, in its currency, at its time'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_posting',
                CONSTRAINT = 'posting_belongs_to_new_transaction';
    END IF;
    -- Else a second statement could add a balanced pair once the check at COMMIT was brought
    -- forward by SET CONSTRAINTS.
    IF EXISTS (
        SELECT FROM (SELECT transaction_id, count(*) AS legs FROM written GROUP BY 1) AS entry
        WHERE entry.legs <> (
            SELECT count(*) FROM ledger_posting AS posting
            WHERE posting.transaction_id = entry.transaction_id
        )
    ) THEN
        RAISE EXCEPTION 'all postings of a transaction are written by one statement'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_posting',
                CONSTRAINT = 'posting_written_at_once';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_transaction_totals_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM ledger_account
        WHERE id IN (NEW.debit_account_id, NEW.credit_account_id) AND owner IS NOT NULL
            AND (last_recorded_at >= NEW.recorded_at) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'ledger transaction % is not in the totals of its wallets', NEW.id
            USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_in_totals
    AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state <> 'rejected')
    EXECUTE FUNCTION ledger_transaction_totals_check();

CREATE TRIGGER ledger_account_frozen_keeps
    BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN (
        OLD.status = 'frozen'
        AND (NEW.debits_posted > OLD.debits_posted OR NEW.debits_pending > OLD.debits_pending)
    )
    EXECUTE FUNCTION ledger_account_refuse();
"""

REVERSE = """
DROP TRIGGER ledger_account_frozen_keeps ON ledger_account;
DROP TRIGGER ledger_transaction_in_totals ON ledger_transaction;
DROP FUNCTION ledger_transaction_totals_check();

CREATE OR REPLACE FUNCTION ledger_postings_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
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
    -- Else a second statement could add a balanced pair once the check at COMMIT was brought
    -- forward by SET CONSTRAINTS.
    IF EXISTS (
        SELECT FROM (SELECT transaction_id, count(*) AS legs FROM written GROUP BY 1) AS entry
        WHERE entry.legs <> (
            SELECT count(*) FROM ledger_posting AS posting
            WHERE posting.transaction_id = entry.transaction_id
        )
    ) THEN
        RAISE EXCEPTION 'all postings of a transaction are written by one statement'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_posting',
                CONSTRAINT = 'posting_written_at_once';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_postings_by_layer")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
