"""
What staff do in the consoles is never changed and never goes, whoever asks.

The trigger is plain SQL, and the application's role owns no table, as in the ledger. Where the
role does not exist (a developer's database with a single role) there is nothing to take away.
"""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now
from psycopg import sql

import common.ids

FORWARD = """
CREATE FUNCTION staff_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER staff_action_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_action
    FOR EACH STATEMENT EXECUTE FUNCTION staff_refuse_change();
"""

REVERSE = """
DROP TRIGGER staff_action_append_only ON staff_action;
DROP FUNCTION staff_refuse_change();
"""


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON staff_action FROM {role}").format(
                    role=sql.Identifier(role)
                )
            )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StaffAction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(db_default=Now())),
                ("actor_id", models.CharField(max_length=64, verbose_name="actor")),
                ("actor_email", models.CharField(max_length=254)),
                ("action", models.CharField(max_length=64)),
                ("target_type", models.CharField(max_length=100)),
                (
                    "target_id",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="target"),
                ),
                ("reason", models.CharField(max_length=500)),
                ("before", models.JSONField(blank=True, null=True)),
                ("after", models.JSONField(blank=True, null=True)),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                ("ip", models.GenericIPAddressField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "staff action",
                "db_table": "staff_action",
                "permissions": [("export_lists", "Can export lists")],
                "indexes": [
                    models.Index(fields=["target_id", "-id"], name="staff_action_of_target"),
                    models.Index(fields=["actor_email", "-id"], name="staff_action_by_actor"),
                    models.Index(fields=["action", "-id"], name="staff_action_by_action"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor_id", ""), _negated=True),
                            models.Q(("action", ""), _negated=True),
                            models.Q(("target_type", ""), _negated=True),
                        ),
                        name="staff_action_has_actor_action_and_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "^\\S.+\\S$")),
                        name="staff_action_has_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, REVERSE),
        # The way back drops the table, and rights with it.
        migrations.RunPython(rights_take, migrations.RunPython.noop),
    ]
