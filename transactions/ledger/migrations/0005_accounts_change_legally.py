"""
An account begins with nothing, stays whose it is, and its posted totals only grow.

A closed account stays closed and receives nothing more.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_account_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of account % breaks its rules', TG_OP, NEW.id
        USING ERRCODE = 'check_violation', TABLE = 'ledger_account', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER ledger_account_begins_empty
    BEFORE INSERT ON ledger_account FOR EACH ROW
    WHEN (
        (NEW.debits_posted, NEW.credits_posted, NEW.debits_pending, NEW.credits_pending)
            <> (0, 0, 0, 0)
        OR NEW.last_recorded_at IS NOT NULL
    )
    EXECUTE FUNCTION ledger_account_refuse();

CREATE TRIGGER ledger_account_changes_legally
    BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN (
        (OLD.id, OLD.owner, OLD.role, OLD.currency, OLD.normal_side, OLD.opened_at)
            IS DISTINCT FROM
            (NEW.id, NEW.owner, NEW.role, NEW.currency, NEW.normal_side, NEW.opened_at)
        OR NEW.debits_posted < OLD.debits_posted
        OR NEW.credits_posted < OLD.credits_posted
        OR (OLD.last_recorded_at IS NOT NULL
            AND (NEW.last_recorded_at < OLD.last_recorded_at) IS NOT FALSE)
        OR (OLD.status = 'closed' AND OLD.* IS DISTINCT FROM NEW.*)
    )
    EXECUTE FUNCTION ledger_account_refuse();
"""

REVERSE = """
DROP TRIGGER ledger_account_changes_legally ON ledger_account;
DROP TRIGGER ledger_account_begins_empty ON ledger_account;
DROP FUNCTION ledger_account_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_journal_entries_belong")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
