"""What the role that web and consumer run as may do to the ledger."""

import psycopg
import pytest

from tests.postgresql.rights import as_application

APPEND_ONLY = [
    "ledger_posting",
    "ledger_journal_entry",
    "ledger_transaction",
    "ledger_account_change",
]


@pytest.fixture
def application(django_db_setup):
    """A connection as the role that web and consumer run as."""
    with as_application("TRANSACTIONS_DATABASE_URL") as session:
        yield session


@pytest.mark.django_db
class TestApplicationRole:
    @pytest.mark.parametrize("table", APPEND_ONLY)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {table} SET recorded_at = now()",
            "DELETE FROM {table}",
            "TRUNCATE {table}",
            "ALTER TABLE {table} DISABLE TRIGGER ALL",
            "DROP TABLE {table}",
            "CREATE INDEX ON {table} (recorded_at)",
        ],
    )
    def test_may_only_add(self, application, table, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            application.execute(statement.format(table=table))

        assert "append-only" not in str(raised.value)

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO ledger_transactions_written (ids) VALUES ('{}')",
            "UPDATE ledger_transactions_written SET ids = '{}'",
            "DELETE FROM ledger_transactions_written",
            "TRUNCATE ledger_transactions_written",
        ],
    )
    def test_may_not_say_what_is_to_be_checked(self, application, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE staff_action SET reason = 'another one'",
            "DELETE FROM staff_action",
            "TRUNCATE staff_action",
            "ALTER TABLE staff_action DISABLE TRIGGER ALL",
        ],
    )
    def test_may_not_change_what_staff_did(self, application, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            application.execute(statement)

        assert "append-only" not in str(raised.value)

    def test_may_not_remove_accounts_or_the_rules(self, application):
        for statement in (
            "DELETE FROM ledger_account",
            "TRUNCATE ledger_account",
            "DELETE FROM ledger_wallet_owner",
            "TRUNCATE ledger_wallet_owner",
            "DROP FUNCTION ledger_postings_check() CASCADE",
            "SET session_replication_role = replica",
            "ALTER FUNCTION ledger_refuse_change() RENAME TO harmless",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)

    @pytest.mark.parametrize(
        "change", ["amount = 1", "kind = 'void'", "pending_id = id", "hold_expires_at = now()"]
    )
    def test_may_change_no_more_of_a_transaction_than_its_state(self, application, change):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(f"UPDATE ledger_transaction SET {change}")  # noqa: S608  one of the above

    def test_may_change_the_state_of_transactions(self, application):
        granted = application.execute(
            "SELECT column_name FROM information_schema.column_privileges"
            " WHERE grantee = current_user AND table_name = 'ledger_transaction'"
            " AND privilege_type = 'UPDATE' ORDER BY 1"
        ).fetchall()

        assert [name for (name,) in granted] == ["captured_amount", "reversed_amount", "state"]

    def test_may_do_what_a_batch_does(self, application):
        granted = application.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_name = 'ledger_posting' ORDER BY 1"
        ).fetchall()

        assert [name for (name,) in granted] == ["INSERT", "SELECT"]
