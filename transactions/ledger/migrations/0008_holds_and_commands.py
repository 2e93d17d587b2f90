"""
Holds, captures, voids, expiries and reversals: columns, and the rules that keep them true.

An original may change now, but only its state and the two amounts that follow from its commands,
and only along legal ways. At COMMIT every new row is held against its postings, and every
original that is new, changed or named by a new command against the commands that name it.

Functions of triggers name their own search path: a session could put tables of its own before
those of the ledger.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from psycopg import sql

UPDATE_LET = """
DROP TRIGGER ledger_transaction_append_only ON ledger_transaction;
CREATE TRIGGER ledger_transaction_append_only
    BEFORE DELETE OR TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

UPDATE_REFUSED = """
DROP TRIGGER ledger_transaction_append_only ON ledger_transaction;
CREATE TRIGGER ledger_transaction_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

CAPTURED_FILLED = """
UPDATE ledger_transaction SET captured_amount = amount WHERE state = 'posted';
"""

# Plans are kept for the life of a session, and one that is made while the tables are small
# reads them whole; so the functions do without sequential scans and hash joins.
FORWARD = """
ALTER FUNCTION ledger_refuse_change() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION ledger_journal_entries_check() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION ledger_account_refuse() SET search_path = pg_catalog, public, pg_temp;

CREATE FUNCTION ledger_transaction_change_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept ledger_transaction := NEW;
BEGIN
    kept.state := OLD.state;
    kept.captured_amount := OLD.captured_amount;
    kept.reversed_amount := OLD.reversed_amount;
    IF kept IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'UPDATE of more than the state of a transaction: the ledger is append-only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Which amounts belong to a state is for constraints to say. One batch may capture a hold and
    -- reverse it: the row is written once.
    IF (
        OLD.state = 'authorised'
        AND NEW.state IN ('posted', 'voided', 'expired', 'partially_reversed', 'reversed')
    ) OR (
        OLD.state IN ('posted', 'partially_reversed')
        AND NEW.state IN ('partially_reversed', 'reversed')
        AND NEW.captured_amount = OLD.captured_amount
        AND NEW.reversed_amount > OLD.reversed_amount
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'transaction % does not go from % to %', OLD.id, OLD.state, NEW.state
        USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER ledger_transaction_changes_legally
    BEFORE UPDATE ON ledger_transaction
    FOR EACH ROW EXECUTE FUNCTION ledger_transaction_change_check();

CREATE FUNCTION ledger_original_agrees(original_id uuid) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    original ledger_transaction;
    resolution ledger_transaction;
    went_back numeric;
BEGIN
    SELECT * INTO original FROM ledger_transaction WHERE id = original_id;
    SELECT * INTO resolution FROM ledger_transaction
        WHERE pending_id = original_id AND state <> 'rejected';
    SELECT coalesce(sum(amount), 0) INTO went_back FROM ledger_transaction
        WHERE reverses_id = original_id AND state <> 'rejected';
    RETURN original.reversed_amount = went_back
        AND CASE
            WHEN original.hold_expires_at IS NULL THEN resolution.id IS NULL
            WHEN original.state = 'rejected' THEN resolution.id IS NULL
            WHEN original.state = 'authorised' THEN resolution.id IS NULL
            WHEN original.state = 'voided' THEN resolution.kind = 'void'
            WHEN original.state = 'expired' THEN resolution.kind = 'expiry'
            ELSE resolution.kind = 'capture' AND resolution.amount = original.captured_amount
        END;
END $$;

CREATE FUNCTION ledger_command_agrees(child ledger_transaction) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    original ledger_transaction;
    legs record;
BEGIN
    SELECT * INTO original FROM ledger_transaction
        WHERE id = coalesce(child.pending_id, child.reverses_id);
    SELECT count(*) AS number,
        count(*) FILTER (WHERE layer = 'posted' AND amount = child.amount
            AND direction = 'debit' AND account_id = child.debit_account_id) AS debited,
        count(*) FILTER (WHERE layer = 'posted' AND amount = child.amount
            AND direction = 'credit' AND account_id = child.credit_account_id) AS credited,
        count(*) FILTER (WHERE layer = 'pending' AND amount = original.amount
            AND direction = 'credit' AND account_id = original.debit_account_id) AS let_go,
        count(*) FILTER (WHERE layer = 'pending' AND amount = original.amount
            AND direction = 'debit' AND account_id = original.credit_account_id) AS given_up
    INTO legs FROM ledger_posting WHERE transaction_id = child.id;
    IF child.state = 'rejected' THEN
        RETURN legs.number = 0 AND original.stream = child.stream;
    END IF;
    RETURN original.stream = child.stream
        AND CASE child.kind
            WHEN 'reversal' THEN
                (legs.number, legs.debited, legs.credited) = (2, 1, 1)
                AND child.debit_account_id = original.credit_account_id
                AND child.credit_account_id = original.debit_account_id
            WHEN 'capture' THEN
                (legs.number, legs.debited, legs.credited, legs.let_go, legs.given_up)
                    = (4, 1, 1, 1, 1)
                AND child.debit_account_id = original.debit_account_id
                AND child.credit_account_id = original.credit_account_id
            ELSE
                (legs.number, legs.let_go, legs.given_up) = (2, 1, 1)
                AND child.amount = original.amount
                AND child.debit_account_id = original.debit_account_id
                AND child.credit_account_id = original.credit_account_id
        END
        AND ledger_original_agrees(original.id);
END $$;

CREATE OR REPLACE FUNCTION ledger_transaction_check() RETURNS trigger LANGUAGE plpgsql
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
                -- What moved at once and nothing followed can only disagree with a command,
                -- whose own check finds it.
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

CREATE FUNCTION ledger_transaction_changed_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF ledger_original_agrees(NEW.id) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'ledger transaction % does not agree with its commands', NEW.id
        USING ERRCODE = 'check_violation', TABLE = 'ledger_transaction', CONSTRAINT = TG_NAME;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_agrees
    AFTER UPDATE ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_transaction_changed_check();

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

REVERSE = """
CREATE OR REPLACE FUNCTION ledger_postings_check() RETURNS trigger LANGUAGE plpgsql
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

DROP TRIGGER ledger_transaction_agrees ON ledger_transaction;
DROP FUNCTION ledger_transaction_changed_check();

CREATE OR REPLACE FUNCTION ledger_transaction_check() RETURNS trigger LANGUAGE plpgsql
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

DROP FUNCTION ledger_command_agrees(ledger_transaction);
DROP FUNCTION ledger_original_agrees(uuid);
DROP TRIGGER ledger_transaction_changes_legally ON ledger_transaction;
DROP FUNCTION ledger_transaction_change_check();

ALTER FUNCTION ledger_account_refuse() RESET search_path;
ALTER FUNCTION ledger_journal_entries_check() RESET search_path;
ALTER FUNCTION ledger_refuse_change() RESET search_path;
"""


def rights_grant(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    _run(
        schema_editor,
        "GRANT UPDATE (state, captured_amount, reversed_amount) ON ledger_transaction TO {role}",
    )


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    _run(
        schema_editor,
        "REVOKE UPDATE (state, captured_amount, reversed_amount) ON ledger_transaction FROM {role}",
    )


def _run(schema_editor: Any, statement: str) -> None:
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0007_discarded_transactions"),
    ]

    operations = [
        migrations.RunSQL(UPDATE_LET, UPDATE_REFUSED),
        migrations.RemoveConstraint(
            model_name="ledgertransaction",
            name="ledger_transaction_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="ledgertransaction",
            name="ledger_transaction_posted_or_refused_with_code",
        ),
        migrations.RemoveConstraint(
            model_name="ledgertransaction",
            name="ledger_transaction_whole_unless_discarded",
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="captured_amount",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="Minor units that moved."
            ),
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="hold_expires_at",
            field=models.DateTimeField(
                blank=True,
                help_text="The deadline of a hold; none: the money moves at once.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="pending",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="The hold that it resolves.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.ledgertransaction",
            ),
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="reversed_amount",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="Minor units that went back."
            ),
        ),
        migrations.AddField(
            model_name="ledgertransaction",
            name="reverses",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="The original that it reverses.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.ledgertransaction",
            ),
        ),
        migrations.AlterField(
            model_name="journalentry",
            name="from_state",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.AlterField(
            model_name="journalentry",
            name="to_state",
            field=models.CharField(max_length=32),
        ),
        migrations.AlterField(
            model_name="ledgertransaction",
            name="id",
            field=models.UUIDField(
                editable=False,
                help_text="The request's or command's id.",
                primary_key=True,
                serialize=False,
            ),
        ),
        migrations.AlterField(
            model_name="ledgertransaction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("transfer", "Transfer"),
                    ("withdrawal", "Withdrawal"),
                    ("deposit", "Deposit"),
                    ("capture", "Capture"),
                    ("void", "Void"),
                    ("expiry", "Expiry"),
                    ("reversal", "Reversal"),
                ],
                max_length=16,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="ledgertransaction",
            name="requested_by",
            field=models.UUIDField(
                help_text="The user who asked; nobody for an expiry.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="ledgertransaction",
            name="state",
            field=models.CharField(
                choices=[
                    ("authorised", "Authorised"),
                    ("posted", "Posted"),
                    ("voided", "Voided"),
                    ("expired", "Expired"),
                    ("partially_reversed", "Partially reversed"),
                    ("reversed", "Reversed"),
                    ("rejected", "Rejected"),
                ],
                max_length=32,
            ),
        ),
        migrations.RunSQL(CAPTURED_FILLED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(
                condition=models.Q(("pending__isnull", False)),
                fields=["pending"],
                name="ledger_transaction_by_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(
                condition=models.Q(("reverses__isnull", False)),
                fields=["reverses"],
                name="ledger_transaction_by_reverses",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "transfer",
                            "withdrawal",
                            "deposit",
                            "capture",
                            "void",
                            "expiry",
                            "reversal",
                        ],
                    )
                ),
                name="ledger_transaction_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("captured_amount", 0),
                        ("state", "rejected"),
                        models.Q(("rejection_code", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "rejected"), _negated=True),
                        ("credit_account__isnull", False),
                        ("debit_account__isnull", False),
                        ("rejection_code", ""),
                    ),
                    _connector="OR",
                ),
                name="ledger_transaction_refused_with_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "rejected"),
                    models.Q(
                        ("captured_amount__gt", 0),
                        ("kind__in", ["transfer", "withdrawal", "deposit"]),
                        ("state__in", ["posted", "partially_reversed", "reversed"]),
                        models.Q(
                            ("hold_expires_at__isnull", False),
                            ("captured_amount", models.F("amount")),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        ("captured_amount", 0),
                        ("hold_expires_at__isnull", False),
                        ("kind__in", ["transfer", "withdrawal", "deposit"]),
                        ("state__in", ["authorised", "voided", "expired"]),
                    ),
                    models.Q(
                        ("captured_amount", 0),
                        ("state", "posted"),
                        models.Q(
                            ("kind__in", ["transfer", "withdrawal", "deposit"]), _negated=True
                        ),
                    ),
                    _connector="OR",
                ),
                name="ledger_transaction_state_fits_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("captured_amount__gte", 0), ("captured_amount__lte", models.F("amount"))
                ),
                name="ledger_transaction_captured_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("reversed_amount__gt", 0),
                        ("reversed_amount__lt", models.F("captured_amount")),
                        ("state", "partially_reversed"),
                    ),
                    models.Q(
                        ("reversed_amount", models.F("captured_amount")),
                        ("reversed_amount__gt", 0),
                        ("state", "reversed"),
                    ),
                    models.Q(
                        ("reversed_amount", 0),
                        models.Q(("state__in", ["partially_reversed", "reversed"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="ledger_transaction_reversed_fits_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("pending__isnull", True),
                        ("reverses__isnull", True),
                        models.Q(
                            ("kind__in", ["transfer", "withdrawal", "deposit"]),
                            ("kind__isnull", True),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        ("hold_expires_at__isnull", True),
                        ("kind__in", ["capture", "void", "expiry"]),
                        ("reverses__isnull", True),
                        models.Q(
                            ("pending__isnull", False), ("state", "rejected"), _connector="OR"
                        ),
                    ),
                    models.Q(
                        ("hold_expires_at__isnull", True),
                        ("kind__in", ["reversal"]),
                        ("pending__isnull", True),
                        models.Q(
                            ("reverses__isnull", False), ("state", "rejected"), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="ledger_transaction_links_fit_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount__isnull", False),
                        ("currency__isnull", False),
                        ("effective_at__isnull", False),
                        ("kind__isnull", False),
                        ("requested_by__isnull", False),
                    ),
                    models.Q(
                        ("effective_at__isnull", False),
                        ("kind__in", ["capture", "void", "expiry", "reversal"]),
                        models.Q(
                            ("requested_by__isnull", False), ("kind", "expiry"), _connector="OR"
                        ),
                        models.Q(
                            models.Q(("amount__isnull", False), ("currency__isnull", False)),
                            ("state", "rejected"),
                            _connector="OR",
                        ),
                    ),
                    ("rejection_code", "discarded_by_staff"),
                    _connector="OR",
                ),
                name="ledger_transaction_whole_unless_discarded",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgertransaction",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("pending__isnull", False), models.Q(("state", "rejected"), _negated=True)
                ),
                fields=("pending",),
                name="ledger_transaction_resolved_once",
            ),
        ),
        migrations.RunSQL(FORWARD, REVERSE),
        migrations.RunPython(rights_grant, rights_take),
    ]
