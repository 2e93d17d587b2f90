from django.core.management.commands import flush
from django.db import transaction
from django.db.backends.postgresql import base, operations

from tests.postgresql.creation import DatabaseCreation

_GUARDED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
# What `post_migrate` writes is the same each time: it is kept, and not written again.
_KEPT = frozenset(
    {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
)
flush.emit_post_migrate_signal = lambda *_, **__: None
_DELETED_KIB_MAX = 256


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        """
        Delete what there is, because a few rows are gone long before a hundred files are replaced.

        Tables that hold much, or the traces of much, are truncated as usual.
        """
        tables = sorted(set(tables) - _KEPT)
        if reset_sequences or not tables or self._is_much(tables):
            return super().sql_flush(
                style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade
            )
        return [f"DELETE FROM {self.quote_name(table)}" for table in self._filled(tables)]  # noqa: S608  ours

    def execute_sql_flush(self, sql_list):
        alias = self.connection.alias
        with transaction.atomic(using=alias), self.connection.cursor() as cursor:
            cursor.execute(_GUARDED)
            statements = " ".join(sql_list)
            guarded = [table for (table,) in cursor.fetchall() if f'"{table}"' in statements]
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            super().execute_sql_flush(sql_list)
            # Foreign keys are checked at COMMIT, and a table with checks to come cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def _is_much(self, tables):
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(pg_relation_size(name::regclass)) / 1024"
                " FROM unnest(%s::text[]) AS name",
                [[self.quote_name(table) for table in tables]],
            )
            return cursor.fetchone()[0] > _DELETED_KIB_MAX

    def _filled(self, tables):
        selects = [
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM {self.quote_name(table)})"  # noqa: S608  ours
            for table in tables
        ]
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(selects))
            return [table for (table,) in cursor.fetchall()]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    creation_class = DatabaseCreation
