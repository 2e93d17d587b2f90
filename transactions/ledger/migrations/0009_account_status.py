"""
Wallets are frozen, unfrozen and closed by the rules, and what was done about them is kept.

A wallet that has money, a hold or a freeze cannot be closed, nor its owner while a wallet is not;
a wallet of somebody closed is born closed. Triggers are plain SQL and rights are taken as in the
migrations before.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from psycopg import sql

FORWARD = """
CREATE TRIGGER ledger_account_change_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account_change
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER ledger_wallet_owner_stays
    BEFORE DELETE OR TRUNCATE ON ledger_wallet_owner
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER ledger_account_status_changes_legally
    BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN (
        OLD.status <> NEW.status AND (
            NEW.owner IS NULL
            OR (OLD.status, NEW.status)
                NOT IN (('open', 'frozen'), ('frozen', 'open'), ('open', 'closed'))
            OR (NEW.status = 'closed' AND (
                NEW.credits_posted <> NEW.debits_posted
                OR NEW.debits_pending <> 0 OR NEW.credits_pending <> 0))
        )
    )
    EXECUTE FUNCTION ledger_account_refuse();

CREATE FUNCTION ledger_account_begin_check() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.status = 'closed') = EXISTS (
        SELECT FROM ledger_wallet_owner WHERE id = NEW.owner AND closed_at IS NOT NULL
    ) AND NEW.status <> 'frozen' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'account % begins %', NEW.id, NEW.status
        USING ERRCODE = 'check_violation', TABLE = 'ledger_account', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER ledger_account_begins_as_its_owner_may
    BEFORE INSERT ON ledger_account FOR EACH ROW
    EXECUTE FUNCTION ledger_account_begin_check();

CREATE FUNCTION ledger_wallet_owner_check() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.id = NEW.id AND OLD.closed_at IS NULL AND NOT EXISTS (
        SELECT FROM ledger_account WHERE owner = NEW.id AND status <> 'closed'
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of wallet owner % breaks its rules', TG_OP, NEW.id
        USING ERRCODE = 'check_violation', TABLE = 'ledger_wallet_owner', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER ledger_wallet_owner_begins_open
    BEFORE INSERT ON ledger_wallet_owner FOR EACH ROW
    WHEN (NEW.closed_at IS NOT NULL)
    EXECUTE FUNCTION ledger_wallet_owner_check();

CREATE TRIGGER ledger_wallet_owner_closes_once
    BEFORE UPDATE ON ledger_wallet_owner FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION ledger_wallet_owner_check();
"""

REVERSE = """
DROP TRIGGER ledger_wallet_owner_closes_once ON ledger_wallet_owner;
DROP TRIGGER ledger_wallet_owner_begins_open ON ledger_wallet_owner;
DROP FUNCTION ledger_wallet_owner_check();
DROP TRIGGER ledger_account_begins_as_its_owner_may ON ledger_account;
DROP FUNCTION ledger_account_begin_check();
DROP TRIGGER ledger_account_status_changes_legally ON ledger_account;
DROP TRIGGER ledger_wallet_owner_stays ON ledger_wallet_owner;
DROP TRIGGER ledger_account_change_append_only ON ledger_account_change;
"""

_TAKEN = {
    "ledger_account_change": "UPDATE, DELETE, TRUNCATE",
    "ledger_wallet_owner": "DELETE, TRUNCATE",
}


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            return
        for table, rights in _TAKEN.items():
            cursor.execute(
                sql.SQL(f"REVOKE {rights} ON {{table}} FROM {{role}}").format(
                    table=sql.Identifier(table), role=sql.Identifier(role)
                )
            )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0008_holds_and_commands"),
    ]

    operations = [
        migrations.CreateModel(
            name="WalletOwner",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        editable=False, help_text="The user.", primary_key=True, serialize=False
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "wallet owner",
                "db_table": "ledger_wallet_owner",
            },
        ),
        migrations.CreateModel(
            name="AccountChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "from_status",
                    models.CharField(
                        choices=[("open", "Open"), ("frozen", "Frozen"), ("closed", "Closed")],
                        max_length=8,
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[("open", "Open"), ("frozen", "Frozen"), ("closed", "Closed")],
                        max_length=8,
                    ),
                ),
                ("actor", models.CharField(max_length=100)),
                ("reason", models.TextField()),
                ("cause", models.UUIDField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="ledger.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "account change",
                "db_table": "ledger_account_change",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("from_status", "open"), ("to_status__in", ["frozen", "closed"])
                            ),
                            models.Q(("from_status", "frozen"), ("to_status", "open")),
                            _connector="OR",
                        ),
                        name="account_change_legal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="account_change_has_actor_and_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, REVERSE),
        # The way back drops the tables, and rights with them.
        migrations.RunPython(rights_take, migrations.RunPython.noop),
    ]
