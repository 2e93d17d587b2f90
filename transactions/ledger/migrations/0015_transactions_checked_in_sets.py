"""
What is due at COMMIT is checked once for each statement that wrote transactions, in one query.

0008 and 0014 asked for each transaction by itself, which took more time than writing it. A
trigger can be deferred or see all rows of a statement, but not both. So each statement leaves a
row here with the ids of what it wrote, the deferred triggers belong to that row, and it goes when
it was checked: nobody ever sees one, and a crash need not bring one back. Only the function that
leaves it may write it, and the events of a row that is gone still happen.
"""

from typing import Any

from django.conf import settings
from django.db import migrations
from psycopg import sql

TABLE = """
CREATE UNLOGGED TABLE ledger_transactions_written (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ids uuid[] NOT NULL
);
"""

# Plans are kept for the life of a session, and one that is made while the tables are small
# reads them whole; so the functions do without sequential scans and without other joins.
FORWARD = """
CREATE FUNCTION ledger_transactions_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_transactions_written (ids)
    SELECT array_agg(id) FROM written HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_transactions_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT header.id INTO wrong
    FROM unnest(NEW.ids) AS written (id)
    JOIN ledger_transaction AS header ON header.id = written.id
    WHERE (header.written_by = pg_current_xact_id() AND CASE
        WHEN header.pending_id IS NOT NULL OR header.reverses_id IS NOT NULL
            THEN ledger_command_agrees(header)
        WHEN header.state = 'rejected' THEN NOT EXISTS (
            SELECT FROM ledger_posting AS leg WHERE leg.transaction_id = header.id
        )
        ELSE (
            SELECT count(*) = 2
                AND count(*) FILTER (WHERE leg.direction = 'debit'
                    AND leg.account_id = header.debit_account_id) = 1
                AND count(*) FILTER (WHERE leg.direction = 'credit'
                    AND leg.account_id = header.credit_account_id) = 1
                AND bool_and(leg.amount = header.amount AND leg.layer
                    = CASE WHEN header.hold_expires_at IS NULL THEN 'posted' ELSE 'pending' END)
            FROM ledger_posting AS leg WHERE leg.transaction_id = header.id
        )
        -- What moved at once and nothing followed can only disagree with a command, whose own
        -- check finds it.
        AND ((header.state = 'posted' AND header.hold_expires_at IS NULL)
            OR ledger_original_agrees(header.id))
    END) IS NOT TRUE
    LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', wrong
            USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_transactions_totals_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT header.id INTO wrong
    FROM unnest(NEW.ids) AS written (id)
    JOIN ledger_transaction AS header ON header.id = written.id
    WHERE header.state <> 'rejected' AND EXISTS (
        SELECT FROM ledger_account AS account
        WHERE account.id IN (header.debit_account_id, header.credit_account_id)
            AND account.owner IS NOT NULL
            AND (account.last_recorded_at >= header.recorded_at) IS NOT TRUE
    )
    LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger transaction % is not in the totals of its wallets', wrong
            USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction', CONSTRAINT = TG_NAME;
    END IF;
    DELETE FROM ledger_transactions_written WHERE number = NEW.number;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_balances
    AFTER INSERT ON ledger_transactions_written DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_transactions_check();

CREATE CONSTRAINT TRIGGER ledger_transaction_in_totals
    AFTER INSERT ON ledger_transactions_written DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_transactions_totals_check();

CREATE TRIGGER ledger_transaction_written
    AFTER INSERT ON ledger_transaction REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_note();

DROP TRIGGER ledger_transaction_balances ON ledger_transaction;
DROP TRIGGER ledger_transaction_in_totals ON ledger_transaction;
DROP FUNCTION ledger_transaction_check();
DROP FUNCTION ledger_transaction_totals_check();
"""

REVERSE = """
DROP TRIGGER ledger_transaction_written ON ledger_transaction;
DROP FUNCTION ledger_transactions_note();
DROP TABLE ledger_transactions_written;
DROP FUNCTION ledger_transactions_check();
DROP FUNCTION ledger_transactions_totals_check();

CREATE FUNCTION ledger_transaction_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    moved text := CASE WHEN NEW.hold_expires_at IS NULL THEN 'posted' ELSE 'pending' END;
    legs record;
    agrees boolean;
BEGIN
    IF NEW.pending_id IS NOT NULL OR NEW.reverses_id IS NOT NULL THEN
        agrees := ledger_command_agrees(NEW);
    ELSE
        SELECT count(*) AS number,
            count(*) FILTER (WHERE direction = 'debit' AND account_id = NEW.debit_account_id
                AND amount = NEW.amount AND layer = moved) AS debited,
            count(*) FILTER (WHERE direction = 'credit' AND account_id = NEW.credit_account_id
                AND amount = NEW.amount AND layer = moved) AS credited
        INTO legs FROM ledger_posting WHERE transaction_id = NEW.id;
        IF NEW.state = 'rejected' THEN
            agrees := legs.number = 0;
        ELSE
            agrees := legs.number = 2 AND legs.debited = 1 AND legs.credited = 1
                AND ((NEW.state = 'posted' AND NEW.hold_expires_at IS NULL)
                    OR ledger_original_agrees(NEW.id));
        END IF;
    END IF;
    IF agrees AND NEW.written_by = pg_current_xact_id() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'ledger transaction % does not balance', NEW.id
        USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction',
            CONSTRAINT = 'ledger_transaction_balances';
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_balances
    AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_transaction_check();

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
"""


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    """Leave the application no right but to read; new tables come with more by default."""
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            statement = "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}"
            cursor.execute(
                sql.SQL(statement).format(
                    sql.Identifier("ledger_transactions_written"), sql.Identifier(role)
                )
            )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0014_postings_in_totals")]

    operations = [
        migrations.RunSQL(TABLE, migrations.RunSQL.noop),
        migrations.RunPython(rights_take, migrations.RunPython.noop),
        migrations.RunSQL(FORWARD, REVERSE),
    ]
