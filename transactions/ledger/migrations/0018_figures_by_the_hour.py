"""
Triggers count what is written to the books into tallies, once for each statement.

What was there before is counted here: creating a trigger keeps writers out until this commits.
See `common/hourly/models.py` and `transactions/ledger/hourly.py`.
"""

from django.db import migrations

_TALLY = "INSERT INTO hourly_tally (series, hour, currency, label, number, amount)"


def _counted(rows: str, hour: str, parts: str) -> str:
    return f"""
        SELECT series, {hour}, part.currency, part.label,
            sum(sign) AS number, sum(sign * part.amount) AS amount
        FROM ({rows}) AS one,
            LATERAL (VALUES {parts}) AS part (series, currency, label, amount)
        WHERE part.label IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0
    """  # noqa: S608  statements of ours


def _transactions(rows: str) -> str:
    return _counted(
        rows,
        "date_trunc('hour', one.recorded_at, 'UTC')",
        """
            ('transactions', coalesce(one.currency, ''), CASE
                WHEN coalesce(one.kind, 'transfer') IN ('transfer', 'withdrawal', 'deposit')
                THEN one.state END, one.captured_amount),
            ('commands', coalesce(one.currency, ''), CASE
                WHEN one.kind NOT IN ('transfer', 'withdrawal', 'deposit')
                    AND one.state <> 'rejected'
                THEN one.kind END, coalesce(one.amount, 0)),
            ('refusals', coalesce(one.currency, ''), nullif(one.rejection_code, ''),
                coalesce(one.amount, 0))
        """,
    )


_OF_ALL_TIME = "timestamptz '1970-01-01 00:00:00+00'"


def _accounts(rows: str) -> str:
    return _counted(rows, _OF_ALL_TIME, "('accounts', one.currency, one.status, 0)")


FORWARD = f"""
CREATE FUNCTION ledger_transactions_tally() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_TALLY} {_transactions("SELECT 1 AS sign, * FROM new_rows")};
    ELSE
        {_TALLY} {_transactions("SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows")};
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_transaction_tally_inserted
    AFTER INSERT ON ledger_transaction REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_tally();

CREATE TRIGGER ledger_transaction_tally_updated
    AFTER UPDATE ON ledger_transaction REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_tally();

CREATE FUNCTION ledger_accounts_tally_opened() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    {_TALLY} {_accounts("SELECT 1 AS sign, * FROM new_rows")};
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_account_tally_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    {_TALLY} VALUES
        ('accounts', {_OF_ALL_TIME}, NEW.currency, OLD.status, -1, 0),
        ('accounts', {_OF_ALL_TIME}, NEW.currency, NEW.status, 1, 0);
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_account_tally_opened
    AFTER INSERT ON ledger_account REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_accounts_tally_opened();

-- Every batch updates the totals of many accounts; this one looks at changes of status alone.
CREATE TRIGGER ledger_account_tally_moved
    AFTER UPDATE OF status ON ledger_account FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION ledger_account_tally_moved();

{_TALLY} {_transactions("SELECT 1 AS sign, * FROM ledger_transaction")};
{_TALLY} {_accounts("SELECT 1 AS sign, * FROM ledger_account")};
"""  # noqa: S608  as above

REVERSE = """
DROP TRIGGER ledger_transaction_tally_inserted ON ledger_transaction;
DROP TRIGGER ledger_transaction_tally_updated ON ledger_transaction;
DROP TRIGGER ledger_account_tally_opened ON ledger_account;
DROP TRIGGER ledger_account_tally_moved ON ledger_account;
DROP FUNCTION ledger_transactions_tally();
DROP FUNCTION ledger_accounts_tally_opened();
DROP FUNCTION ledger_account_tally_moved();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0017_staff_permissions"), ("hourly", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
