"""A batch that fails half-way leaves nothing behind, whichever statement it was."""

from contextlib import contextmanager

import pytest
from django.db import DatabaseError

from tests.factories.commands import CaptureFactory, TransferFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, balance, books_differ, execute, fund, standing
from transactions.ledger.models import Account, JournalEntry, LedgerTransaction


@contextmanager
def failing(table, event):
    """While a statement on a table fails after it was carried out."""
    execute(
        f"""
        CREATE FUNCTION fail_half_way() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'half way'; END $$;
        CREATE TRIGGER zz_fail AFTER {event} ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION fail_half_way();
        """
    )
    try:
        yield
    finally:
        execute("DROP FUNCTION fail_half_way() CASCADE")


def apply_in_vain(command):
    with pytest.raises(DatabaseError, match="half way"):
        apply(command)


@pytest.mark.django_db(transaction=True)
class TestHalfWay:
    @pytest.mark.parametrize(
        "table", ["ledger_posting", "ledger_journal_entry", "ledger_account", "outbox_message"]
    )
    def test_leaves_nothing_when_a_statement_fails(self, table):
        fund(ALICE, 1_000)

        with failing(table, "UPDATE" if table == "ledger_account" else "INSERT"):
            apply_in_vain(TransferFactory())

        assert balance(ALICE) == 1_000
        assert not Account.objects.filter(owner=BOB).exists()
        assert LedgerTransaction.objects.count() == JournalEntry.objects.count() == 1
        assert books_differ() == []

    @pytest.mark.parametrize(
        ("table", "event"), [("ledger_transaction", "UPDATE"), ("ledger_posting", "INSERT")]
    )
    def test_leaves_a_hold_as_it_was_when_a_statement_fails(self, table, event):
        fund(ALICE, 1_000)
        hold = TransferFactory(held=True)
        apply(hold)

        with failing(table, event):
            apply_in_vain(CaptureFactory(transaction_id=hold.transaction_id))

        assert standing(hold) == ("authorised", 0, 0)
        assert LedgerTransaction.objects.count() == JournalEntry.objects.count() == 2
        assert books_differ() == []
