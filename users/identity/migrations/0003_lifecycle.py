"""
What becomes of people: their status changes by the rules, and who changed it is kept for good.

The trigger on the record is plain SQL, and the application's role owns no table, as in the inbox.
Where the role does not exist (a developer's database with a single role) there is nothing to
take away.
"""

from typing import Any

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models
from psycopg import sql

FORWARD = """
CREATE FUNCTION user_status_change_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER user_status_change_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON user_status_change
    FOR EACH STATEMENT EXECUTE FUNCTION user_status_change_refuse();
"""

REVERSE = """
DROP TRIGGER user_status_change_append_only ON user_status_change;
DROP FUNCTION user_status_change_refuse();
"""


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON user_status_change FROM {role}").format(
                    role=sql.Identifier(role)
                )
            )


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_cache_table"),
    ]

    operations = [
        migrations.CreateModel(
            name="UserStatusChange",
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
                        choices=[
                            ("pending_verification", "Pending verification"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closing", "Closing"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("pending_verification", "Pending verification"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closing", "Closing"),
                            ("closed", "Closed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("actor", models.CharField(max_length=100)),
                ("reason", models.TextField(blank=True, default="")),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("event_id", models.UUIDField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "status change",
                "db_table": "user_status_change",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="sessions_epoch",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Raised to end every session at once."
            ),
        ),
        migrations.AlterField(
            model_name="tokenfamily",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reuse", "A refresh token was used twice"),
                    ("not_active", "The user is not active any more"),
                ],
                default="",
                max_length=16,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="user_status_arrows",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{pending_verification:active,pending_verification:closed,active:suspended,active:closing,suspended:active,suspended:closing,closing:closed,closing:active,closing:suspended}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="ad5a770095f8caba88159c44e60b2cb42ccb8d08",
                    operation="UPDATE",
                    pgid="pgtrigger_user_status_arrows_eb01d",
                    table="user_account",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="userstatuschange",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="status_changes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="userstatuschange",
            constraint=models.CheckConstraint(
                condition=models.Q(("actor", ""), _negated=True),
                name="user_status_change_has_actor",
            ),
        ),
        migrations.AddConstraint(
            model_name="userstatuschange",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_status", models.F("to_status")), _negated=True),
                name="user_status_change_changes",
            ),
        ),
        migrations.RunSQL(FORWARD, REVERSE),
        # The way back drops the table, and rights with it.
        migrations.RunPython(rights_take, migrations.RunPython.noop),
    ]
