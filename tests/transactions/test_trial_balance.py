"""The trial balance: by the selector, the command and the console."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from tests.factories.commands import TransferFactory, WithdrawalFactory
from tests.factories.events import ALICE
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from tests.transactions.tampering import tamper
from transactions.ledger.trial_balance import ClassTotals, trial_balance

PAGE = "/admin/ledger/account/trial-balance/"


@pytest.fixture
def books():
    """1,000 in, 250 between wallets, 1 out; and some yen."""
    fund(ALICE, 1_000)
    fund(ALICE, 7, "JPY")
    apply(TransferFactory(amount=250), WithdrawalFactory(amount=1))


@pytest.fixture
def edited(books):
    """One total, changed past every rule."""
    tamper(
        "UPDATE ledger_account SET credits_posted = credits_posted + 5"
        " WHERE owner = %s AND currency = 'EUR'",
        [ALICE],
    )


@pytest.mark.django_db
class TestTrialBalance:
    @pytest.mark.usefixtures("books")
    def test_sums_up_each_class_of_accounts_by_currency(self):
        euro, yen = trial_balance()

        assert (euro.currency, euro.balances) == ("EUR", True)
        assert euro.classes == [
            ClassTotals("cash_clearing", 1_000, 1, 0, 0),
            ClassTotals("wallets", 251, 1_250, 0, 0),
        ]
        assert (yen.currency, yen.balances) == ("JPY", True)

    @pytest.mark.usefixtures("edited")
    def test_tells_by_how_much_the_books_are_out(self):
        euro, yen = trial_balance()

        assert (euro.difference_posted, euro.difference_pending, euro.balances) == (-5, 0, False)
        assert yen.balances

    @pytest.mark.usefixtures("books")
    def test_looks_at_holds_too(self):
        tamper("UPDATE ledger_account SET debits_pending = 3 WHERE owner = %s", [ALICE])

        assert [balance.difference_pending for balance in trial_balance()] == [3, 3]

    def test_is_empty_before_the_first_account(self):
        assert trial_balance() == []


@pytest.mark.django_db(transaction=True)
class TestCommand:
    def run(self, *arguments):
        output = StringIO()
        try:
            call_command("trial_balance", *arguments, stdout=output)
        except CommandError as error:
            return output.getvalue(), str(error)
        return output.getvalue(), None

    @pytest.mark.usefixtures("books")
    def test_succeeds_when_everything_balances(self):
        output, error = self.run()

        assert error is None
        assert "12.50 EUR" in output
        assert "difference: posted 0 JPY, pending 0 JPY" in output

    @pytest.mark.usefixtures("edited")
    def test_fails_naming_what_does_not(self):
        output, error = self.run()

        assert error == "debits and credits differ: EUR"
        assert "difference: posted -0.05 EUR, pending 0.00 EUR" in output

    @pytest.mark.usefixtures("edited")
    def test_reports_for_machines(self):
        output, error = self.run("--json")

        report = json.loads(output)
        assert error is not None
        assert report["balanced"] is False
        assert [one["difference_posted"] for one in report["currencies"]] == [-5, 0]
        assert report["currencies"][0]["accounts"][0] == {
            "account_class": "cash_clearing",
            "debits_posted": 1_000,
            "credits_posted": 1,
            "debits_pending": 0,
            "credits_pending": 0,
        }


@pytest.mark.django_db
class TestConsole:
    def page(self, **staff):
        client = Client()
        user = StaffFactory(**staff)
        client.force_login(user)
        return client, user

    @pytest.mark.usefixtures("books")
    def test_shows_it_from_the_list_of_accounts(self):
        client, _ = self.page()

        listed = client.get("/admin/ledger/account/").content.decode()
        shown = client.get(PAGE).content.decode()

        assert PAGE in listed
        assert "12.50 EUR" in shown
        assert "does not balance" not in shown

    @pytest.mark.usefixtures("edited")
    def test_says_what_does_not_balance(self):
        client, _ = self.page()

        shown = client.get(PAGE).content.decode()

        assert shown.count("does not balance") == 1

    def test_is_there_before_the_first_account(self):
        client, _ = self.page()

        assert "There are no accounts yet." in client.get(PAGE).content.decode()

    def test_is_for_staff_who_may_view_accounts(self):
        client, user = self.page(is_superuser=False)
        stranger = Client().get(PAGE)

        before = client.get(PAGE)
        user.user_permissions.add(Permission.objects.get(codename="view_account"))
        after = client.get(PAGE)

        assert (stranger.status_code, before.status_code, after.status_code) == (302, 403, 200)
