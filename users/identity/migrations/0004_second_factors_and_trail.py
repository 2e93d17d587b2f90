"""
The trail of sign-ins, what people see of their sign-ins, and closing before an address is verified.

The application's role inserts and prunes events; the triggers keep it from anything else, and the
right to change or empty the table is taken from it. Where the role does not exist (a developer's
database with a single role) there is nothing to take away.
"""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models
from psycopg import sql


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(
                sql.SQL("REVOKE UPDATE, TRUNCATE ON login_event FROM {role}").format(
                    role=sql.Identifier(role)
                )
            )


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0003_lifecycle"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoginEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("signed_in", "Signed in"),
                            ("sign_in_failed", "Sign-in failed"),
                            ("signed_out", "Signed out"),
                            ("sign_up_repeated", "Somebody signed up with this address again"),
                            ("mfa_passed", "Second factor accepted"),
                            ("mfa_failed", "Second factor refused"),
                            ("mfa_added", "Second factor set up"),
                            ("mfa_removed", "Second factor removed"),
                            ("mfa_reset", "Second factor removed by staff"),
                            ("recovery_codes_made", "Recovery codes made anew"),
                            ("password_changed", "Password changed"),
                            ("password_reset", "Password reset"),
                            ("refresh_reused", "A refresh token was used twice"),
                            ("sessions_ended", "Sign-ins ended from elsewhere"),
                        ],
                        max_length=24,
                    ),
                ),
                ("detail", models.CharField(blank=True, default="", max_length=64)),
                (
                    "address_hash",
                    models.BinaryField(blank=True, help_text="HMAC of the address.", null=True),
                ),
                ("ip", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.CharField(blank=True, default="", max_length=200)),
                ("request_id", models.CharField(blank=True, default="", max_length=128)),
                ("actor", models.CharField(blank=True, default="", max_length=100)),
                ("reason", models.TextField(blank=True, default="")),
                ("happened_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "login_event",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="user",
            name="user_status_arrows",
        ),
        migrations.AddField(
            model_name="tokenfamily",
            name="ip",
            field=models.GenericIPAddressField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tokenfamily",
            name="last_seen_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="tokenfamily",
            name="user_agent",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AlterField(
            model_name="tokenfamily",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reuse", "A refresh token was used twice"),
                    ("not_active", "The user is not active any more"),
                    ("signed_out", "The user signed out"),
                    ("revoked", "The user ended it from elsewhere"),
                    ("password", "The password was changed or reset"),
                    ("mfa_reset", "Staff removed the second factor"),
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
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{pending_verification:active,pending_verification:closing,active:suspended,active:closing,suspended:active,suspended:closing,closing:closed,closing:pending_verification,closing:active,closing:suspended}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="2b6a0de0c517b3af1689d22ddf8d87566c97606a",
                    operation="UPDATE",
                    pgid="pgtrigger_user_status_arrows_eb01d",
                    table="user_account",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="loginevent",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="login_events",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="loginevent",
            index=models.Index(fields=["user", "-id"], name="login_event_of_user"),
        ),
        migrations.AddConstraint(
            model_name="loginevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("type", "mfa_reset"), _negated=True),
                    models.Q(
                        models.Q(("actor", ""), _negated=True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="login_event_of_staff_has_actor",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="login_event_stays_as_it_is",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="eb5e540b9243e6b0a4674ddfbbc267717243c680",
                    operation="UPDATE",
                    pgid="pgtrigger_login_event_stays_as_it_is_e2f40",
                    table="login_event",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="login_event_stays_while_young",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.happened_at > clock_timestamp() - interval '90 days')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1392c1124e0f67dadf33c6036d82b73a1e9a6c45",
                    operation="DELETE",
                    pgid="pgtrigger_login_event_stays_while_young_d8fc2",
                    table="login_event",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="login_event_is_not_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'login_event is append-only';",
                    hash="eb8daf32ce0d42aadb615a3175c7008b3f44bb83",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_login_event_is_not_truncated_dfa5e",
                    table="login_event",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunPython(rights_take, migrations.RunPython.noop),
    ]
