"""What the database itself refuses about accounts, whoever asks and however."""

import pytest
from django.db import IntegrityError, transaction

from common.db.refusing import constraint_name
from tests.factories.events import ALICE
from tests.factories.transactions import WalletFactory
from tests.transactions.books import execute, fund
from transactions.ledger.models import Account


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
        fund(ALICE, 100)
        Account.objects.filter(owner=ALICE).update(status="closed")

        for change in ({"status": "open"}, {"credits_posted": 200}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Account.objects.filter(owner=ALICE).update(**change)

    def test_has_one_wallet_for_each_owner_and_currency(self):
        WalletFactory()

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory()

        assert broken_constraint(raised) == "account_once_per_owner_and_currency"
