"""
Kept seals and what contradicts them; neither is ever changed, whoever asks.

The triggers are plain SQL: those of django-pgtrigger can be switched off by any session's setting.
Where the application's role does not exist (a developer's database with a single role) there is
nothing to take away.
"""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from psycopg import sql

FORWARD = """
CREATE FUNCTION ledger_seals_refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER kept_seal_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON kept_seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_seals_refuse_change();

CREATE TRIGGER seal_conflict_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON seal_conflict
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_seals_refuse_change();
"""

REVERSE = """
DROP TRIGGER seal_conflict_append_only ON seal_conflict;
DROP TRIGGER kept_seal_append_only ON kept_seal;
DROP FUNCTION ledger_seals_refuse_change();
"""

_TABLES = "kept_seal, seal_conflict"


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    _run(schema_editor, f"REVOKE UPDATE, DELETE, TRUNCATE ON {_TABLES} FROM {{role}}")


def rights_give_back(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    _run(schema_editor, f"GRANT UPDATE, DELETE ON {_TABLES} TO {{role}}")


def _run(schema_editor: Any, statement: Any) -> None:
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="KeptSeal",
            fields=[
                ("entries", models.BigIntegerField(help_text="Journal entries under this seal.")),
                ("last_sequence", models.BigIntegerField(help_text="Of the last entry under it.")),
                (
                    "previous",
                    models.CharField(help_text="The digest of the seal before.", max_length=64),
                ),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={"verbose_name": "kept seal", "db_table": "kept_seal"},
        ),
        migrations.CreateModel(
            name="SealConflict",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entries", models.BigIntegerField(help_text="Journal entries under this seal.")),
                ("last_sequence", models.BigIntegerField(help_text="Of the last entry under it.")),
                (
                    "previous",
                    models.CharField(help_text="The digest of the seal before.", max_length=64),
                ),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.BigIntegerField()),
            ],
            options={"verbose_name": "conflicting seal", "db_table": "seal_conflict"},
        ),
        migrations.AddConstraint(
            model_name="keptseal",
            constraint=models.CheckConstraint(
                condition=models.Q(("entries__gte", 1), ("number__gte", 1)),
                name="kept_seal_counts_from_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="sealconflict",
            constraint=models.UniqueConstraint(
                fields=("number", "digest"), name="seal_conflict_once"
            ),
        ),
        migrations.RunSQL(FORWARD, REVERSE),
        migrations.RunPython(rights_take, rights_give_back),
    ]
