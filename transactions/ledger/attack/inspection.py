"""What the catalogue says about rights, owners and triggers of the ledger."""

from typing import NamedTuple

from django.db import connection

_RIGHTS = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES", "MAINTAIN")
_GUARDED = ("ledger_posting", "ledger_journal_entry", "ledger_journal_seal")
_TABLES = "(SELECT oid FROM pg_class WHERE relname LIKE 'ledger\\_%' AND relkind = 'r')"
_NO_RIGHT = ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES", "MAINTAIN")


class Inspection(NamedTuple):
    """A question to the catalogue whose rows are what is wrong."""

    name: str
    query: str


class Finding(NamedTuple):
    """What an inspection found; nothing wrong when `wrong` is empty."""

    inspection: Inspection
    wrong: list[str]


INSPECTIONS = [
    Inspection(
        "the role owns nothing of the ledger",
        "SELECT relname FROM pg_class WHERE relname LIKE 'ledger\\_%'"
        " AND pg_has_role(relowner, 'USAGE')",
    ),
    Inspection(
        "the role owns no function that guards it",
        f"SELECT proname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"  # noqa: S608  constants
        f" WHERE tgrelid IN {_TABLES} AND pg_has_role(proowner, 'USAGE')",
    ),
    Inspection(
        "the role is an ordinary one",
        "SELECT rolname FROM pg_roles WHERE rolname = current_user"
        " AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
    ),
    Inspection(
        "the role may make nothing in the schema",
        "SELECT nspname FROM pg_namespace WHERE nspname = 'public'"
        " AND has_schema_privilege(oid, 'CREATE')",
    ),
    Inspection(
        "postings, entries and seals can only be added",
        "SELECT name || ' ' || kind FROM unnest(ARRAY['" + "', '".join(_GUARDED) + "']) AS name,"  # noqa: S608  constants
        " unnest(ARRAY['" + "', '".join(_RIGHTS) + "']) AS kind"
        " WHERE has_table_privilege(name, kind) OR (kind = 'UPDATE' AND"
        " has_any_column_privilege(name, kind))",
    ),
    Inspection(
        "transactions and accounts can not be removed",
        "SELECT name || ' ' || kind"  # noqa: S608  constants
        " FROM unnest(ARRAY['ledger_transaction', 'ledger_account']) AS name,"
        " unnest(ARRAY['" + "', '".join(_NO_RIGHT) + "']) AS kind"
        " WHERE has_table_privilege(name, kind)",
    ),
    Inspection(
        "what is to be checked at COMMIT is for a trigger to say",
        "SELECT kind FROM unnest(ARRAY['INSERT', '" + "', '".join(_RIGHTS) + "']) AS kind"  # noqa: S608  constants
        " WHERE has_table_privilege('ledger_transactions_written', kind)",
    ),
    Inspection(
        "what a transaction says can not be changed",
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = 'ledger_transaction'::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attname NOT IN ('state', 'captured_amount', 'reversed_amount')"
        " AND has_column_privilege(attrelid, attnum, 'UPDATE')",
    ),
    Inspection(
        "every trigger is on",
        f"SELECT tgname FROM pg_trigger WHERE tgrelid IN {_TABLES}"  # noqa: S608  constants
        " AND tgenabled NOT IN ('O', 'A')",
    ),
    Inspection(
        "every table that only grows has its guard against UPDATE, DELETE and TRUNCATE",
        # 2: before, 8: delete, 16: update, 32: truncate
        "SELECT name FROM unnest(ARRAY['" + "', '".join(_GUARDED) + "']) AS name"  # noqa: S608  constants
        " WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name::regclass"
        " AND tgtype & 58 = 58)",
    ),
    Inspection(
        "functions that read tables fix where they look for them",
        f"SELECT proname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"  # noqa: S608  constants
        f" WHERE tgrelid IN {_TABLES} AND NOT tgisinternal AND NOT EXISTS"
        " (SELECT FROM unnest(proconfig) AS set WHERE set LIKE 'search\\_path=%pg\\_temp')",
    ),
]


def inspect(inspection: Inspection) -> Finding:
    """Ask the catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(inspection.query)
        return Finding(inspection, sorted({str(row[0]) for row in cursor.fetchall()}))
