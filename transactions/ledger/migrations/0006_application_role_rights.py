"""
The application's role may add to the ledger and move balances, and nothing else.

It owns no table, so it cannot drop the triggers either. Where the role does not exist (a
developer's database with a single role) there is nothing to take away.
"""

from typing import Any

from django.conf import settings
from django.db import migrations
from psycopg import sql

_APPEND_ONLY = ["ledger_posting", "ledger_journal_entry", "ledger_transaction"]


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    for table in _APPEND_ONLY:
        _run(schema_editor, "REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}", table)
    _run(schema_editor, "REVOKE DELETE, TRUNCATE ON {table} FROM {role}", "ledger_account")


def rights_give_back(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    for table in _APPEND_ONLY:
        _run(schema_editor, "GRANT UPDATE, DELETE ON {table} TO {role}", table)
    _run(schema_editor, "GRANT DELETE ON {table} TO {role}", "ledger_account")


def _run(schema_editor: Any, statement: str, table: str) -> None:
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(
                sql.SQL(statement).format(table=sql.Identifier(table), role=sql.Identifier(role))
            )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_accounts_change_legally")]

    operations = [migrations.RunPython(rights_take, rights_give_back)]
