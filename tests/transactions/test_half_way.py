"""A batch that fails half-way leaves nothing behind, whichever statement it was."""

import pytest
from django.db import DatabaseError

from tests.factories.commands import TransferFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, balance, books_differ, execute, fund
from transactions.ledger.models import Account, JournalEntry, LedgerTransaction


@pytest.mark.django_db(transaction=True)
class TestHalfWay:
    @pytest.mark.parametrize(
        "table", ["ledger_posting", "ledger_journal_entry", "ledger_account", "outbox_message"]
    )
    def test_leaves_nothing_when_a_statement_fails(self, table):
        fund(ALICE, 1_000)
        event = "UPDATE" if table == "ledger_account" else "INSERT"
        execute(
            f"""
            CREATE FUNCTION fail_half_way() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'half way'; END $$;
            CREATE TRIGGER zz_fail AFTER {event} ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION fail_half_way();
            """
        )
        try:
            with pytest.raises(DatabaseError, match="half way"):
                apply(TransferFactory())
        finally:
            execute("DROP FUNCTION fail_half_way() CASCADE")

        assert balance(ALICE) == 1_000
        assert not Account.objects.filter(owner=BOB).exists()
        assert LedgerTransaction.objects.count() == JournalEntry.objects.count() == 1
        assert books_differ() == []
