"""
What staff did about dead letters is never changed and never goes, whoever asks.

The trigger is plain SQL, and the application's role owns no table, as in the ledger. Where the
role does not exist (a developer's database with a single role) there is nothing to take away.
"""

from typing import Any

from django.conf import settings
from django.db import migrations
from psycopg import sql

FORWARD = """
CREATE FUNCTION inbox_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER inbox_dead_letter_action_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON inbox_dead_letter_action
    FOR EACH STATEMENT EXECUTE FUNCTION inbox_refuse_change();

CREATE TRIGGER consumer_halt_stays
    BEFORE DELETE OR TRUNCATE ON consumer_halt
    FOR EACH STATEMENT EXECUTE FUNCTION inbox_refuse_change();
"""

REVERSE = """
DROP TRIGGER consumer_halt_stays ON consumer_halt;
DROP TRIGGER inbox_dead_letter_action_append_only ON inbox_dead_letter_action;
DROP FUNCTION inbox_refuse_change();
"""

_TAKEN = {
    "inbox_dead_letter_action": "UPDATE, DELETE, TRUNCATE",
    "consumer_halt": "DELETE, TRUNCATE",
}
_GIVEN_BACK = {"inbox_dead_letter_action": "UPDATE, DELETE", "consumer_halt": "DELETE"}


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    for table, rights in _TAKEN.items():
        _run(schema_editor, f"REVOKE {rights} ON {{table}} FROM {{role}}", table)


def rights_give_back(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    for table, rights in _GIVEN_BACK.items():
        _run(schema_editor, f"GRANT {rights} ON {{table}} TO {{role}}", table)


def _run(schema_editor: Any, statement: Any, table: str) -> None:
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(
                sql.SQL(statement).format(table=sql.Identifier(table), role=sql.Identifier(role))
            )


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_letters_resolved_and_halts")]

    operations = [
        migrations.RunSQL(FORWARD, REVERSE),
        migrations.RunPython(rights_take, rights_give_back),
    ]
