"""What the database itself refuses about accounts, whoever asks and however."""

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from common.db.refusing import constraint_name
from tests.factories.events import ALICE, NOON
from tests.factories.transactions import WalletFactory
from tests.transactions.books import execute, fund
from tests.transactions.tampering import tamper
from transactions.ledger.models import Account, WalletOwner


def broken_constraint(raised):
    return constraint_name(raised.value)


@pytest.mark.django_db
class TestAccountRules:
    @pytest.mark.parametrize(
        "change",
        [
            "credits_posted = credits_posted - 1",
            "debits_posted = -1",
            "owner = gen_random_uuid()",
            "currency = 'JPY'",
            "normal_side = 'debit'",
            "id = gen_random_uuid()",
            "opened_at = now()",
            "last_recorded_at = last_recorded_at - interval '1 second'",
            "last_recorded_at = NULL",
            "debits_posted = credits_posted + 1",
            "debits_pending = credits_posted - debits_posted + 1",
            "status = 'lost'",
        ],
    )
    def test_refuses_what_no_posting_would_do(self, change):
        fund(ALICE, 100)

        with pytest.raises(IntegrityError), transaction.atomic():
            execute(f"UPDATE ledger_account SET {change} WHERE owner = %s", [ALICE])  # noqa: S608

    def test_refuses_to_open_a_wallet_that_has_money(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory(credits_posted=1)

        assert broken_constraint(raised) == "ledger_account_begins_empty"

    def test_leaves_a_closed_wallet_closed(self):
        WalletFactory()
        Account.objects.filter(owner=ALICE).update(status="closed")

        for change in ({"status": "open"}, {"status": "frozen"}, {"credits_posted": 200}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Account.objects.filter(owner=ALICE).update(**change)

    def test_has_one_wallet_for_each_owner_and_currency(self):
        WalletFactory()

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory()

        assert broken_constraint(raised) == "account_once_per_owner_and_currency"


@pytest.mark.django_db
class TestStatusRules:
    @pytest.mark.parametrize(
        "totals",
        [
            "credits_posted = 1",
            "debits_posted = 1, credits_posted = 2",
            "credits_pending = 1",
            "credits_posted = 1, debits_pending = 1",
        ],
    )
    def test_closes_no_wallet_with_money_or_holds(self, totals):
        WalletFactory()
        tamper(f"UPDATE ledger_account SET {totals}")  # noqa: S608  from above

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute("UPDATE ledger_account SET status = 'closed'")

        assert broken_constraint(raised) == "ledger_account_status_changes_legally"

    def test_closes_no_frozen_wallet(self):
        WalletFactory()
        execute("UPDATE ledger_account SET status = 'frozen'")

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute("UPDATE ledger_account SET status = 'closed'")

        assert broken_constraint(raised) == "ledger_account_status_changes_legally"

    @pytest.mark.parametrize("status", ["frozen", "closed"])
    def test_leaves_accounts_of_the_house_open(self, status):
        fund(ALICE, 100)

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute("UPDATE ledger_account SET status = %s WHERE owner IS NULL", [status])

        assert broken_constraint(raised) == "ledger_account_status_changes_legally"

    @pytest.mark.parametrize("status", ["frozen", "closed"])
    def test_begins_every_wallet_open(self, status):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory(status=status)

        assert broken_constraint(raised) == "ledger_account_begins_as_its_owner_may"

    def test_begins_a_wallet_of_somebody_closed_closed(self):
        WalletOwner.objects.create(id=ALICE)
        WalletOwner.objects.update(closed_at=NOON)

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory()

        assert broken_constraint(raised) == "ledger_account_begins_as_its_owner_may"
        WalletFactory(status="closed")


@pytest.mark.django_db
class TestWalletOwnerRules:
    def test_closes_nobody_who_has_an_open_wallet(self):
        fund(ALICE, 100)

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletOwner.objects.filter(id=ALICE).update(closed_at=NOON)

        assert broken_constraint(raised) == "ledger_wallet_owner_closes_once"

    @pytest.mark.parametrize(
        "change", ["closed_at = NULL", "closed_at = now()", "id = gen_random_uuid()"]
    )
    def test_closes_for_good(self, change):
        WalletOwner.objects.create(id=ALICE)
        WalletOwner.objects.update(closed_at=NOON)

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute(f"UPDATE ledger_wallet_owner SET {change}")  # noqa: S608  from above

        assert broken_constraint(raised) == "ledger_wallet_owner_closes_once"

    def test_begins_nobody_closed(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletOwner.objects.create(id=ALICE, closed_at=NOON)

        assert broken_constraint(raised) == "ledger_wallet_owner_begins_open"

    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}"])
    @pytest.mark.parametrize("table", ["ledger_wallet_owner", "ledger_account_change"])
    def test_keeps_every_row(self, statement, table):
        WalletOwner.objects.create(id=ALICE)

        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            execute(statement.format(table))
