"""
A wallet's totals change by exactly what was posted to it since, and by nothing else.

Postings are written before the totals, later than anything recorded on the wallet and up to its
new `last_recorded_at`: so those in between are the ones that the change must amount to, and each
counts once. Checked once for each statement, by the index of postings by account and time.

The accounts of the house are left out: many batches add to one at the same time, in no order that
its `last_recorded_at` would tell. What is done to those shows in the trial balance.
"""

from django.db import migrations

# Plans are kept for the life of a session, and the first batch may be of one wallet: without
# nested loops the two sides of a statement are always hashed. Postings are looked up by subplans,
# which are no joins.
FORWARD = """
CREATE FUNCTION ledger_account_totals_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT later.id INTO wrong
    FROM later
    JOIN earlier ON earlier.id = later.id
    WHERE later.owner IS NOT NULL AND ARRAY[
        later.debits_posted - earlier.debits_posted,
        later.credits_posted - earlier.credits_posted,
        later.debits_pending - earlier.debits_pending,
        later.credits_pending - earlier.credits_pending
    ] <> (
        SELECT ARRAY[
            coalesce(sum(amount) FILTER (WHERE layer = 'posted' AND direction = 'debit'), 0),
            coalesce(sum(amount) FILTER (WHERE layer = 'posted' AND direction = 'credit'), 0),
            coalesce(sum(CASE WHEN releases THEN -amount ELSE amount END)
                FILTER (WHERE layer = 'pending' AND (direction = 'debit') <> releases), 0),
            coalesce(sum(CASE WHEN releases THEN -amount ELSE amount END)
                FILTER (WHERE layer = 'pending' AND (direction = 'credit') <> releases), 0)
        ]::bigint[]
        FROM (
            -- A pending leg of a command takes back what a hold took, the other way round.
            SELECT layer, direction, amount, layer = 'pending' AND (
                SELECT pending_id IS NOT NULL
                FROM ledger_transaction AS header WHERE header.id = posting.transaction_id
            ) AS releases
            FROM ledger_posting AS posting
            WHERE posting.account_id = later.id
                AND posting.layer IN ('posted', 'pending')  -- so that every column is sought
                AND posting.recorded_at > coalesce(earlier.last_recorded_at, '-infinity')
                AND posting.recorded_at <= coalesce(later.last_recorded_at, '-infinity')
        ) AS since
    )
    LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'totals of account % do not follow from its postings', wrong
            USING ERRCODE = 'check_violation', TABLE = 'ledger_account',
                CONSTRAINT = 'account_totals_follow_postings';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_account_totals_check
    AFTER UPDATE ON ledger_account REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_totals_check();
"""

REVERSE = """
DROP TRIGGER ledger_account_totals_check ON ledger_account;
DROP FUNCTION ledger_account_totals_check();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_journal_seals")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
