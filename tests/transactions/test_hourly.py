"""What the ledger counts by the hour is what the books say."""

import random

import pytest
from django.db import connection

from common.hourly.folding import figures_rebuild, tallies_fold
from common.hourly.models import HourlyFigure
from common.hourly.selectors import ALL_TIME
from tests.factories.commands import (
    CaptureFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE
from tests.transactions.books import apply, fund
from transactions.ledger.models import Account

pytestmark = pytest.mark.django_db(transaction=True)


def figures():
    rows = HourlyFigure.objects.exclude(number=0, amount=0)
    return sorted(rows.values_list("series", "hour", "currency", "label", "number", "amount"))


def naive():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'transactions', date_trunc('hour', recorded_at), currency, state,
                count(*), sum(captured_amount)
            FROM ledger_transaction WHERE kind IN ('transfer', 'withdrawal', 'deposit')
            GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'commands', date_trunc('hour', recorded_at), currency, kind,
                count(*), sum(amount)
            FROM ledger_transaction
            WHERE kind NOT IN ('transfer', 'withdrawal', 'deposit') AND state <> 'rejected'
            GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'refusals', date_trunc('hour', recorded_at), coalesce(currency, ''),
                rejection_code, count(*), coalesce(sum(amount), 0)
            FROM ledger_transaction WHERE rejection_code <> '' GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'accounts', %s, currency, status, count(*), 0
            FROM ledger_account GROUP BY 3, 4
            """,
            [ALL_TIME],
        )
        return sorted(cursor.fetchall())


@pytest.fixture
def books():
    """Batches of transfers, holds and commands to them, some refused, and an account frozen."""
    chance = random.Random(11)  # noqa: S311  to be repeated
    fund(ALICE, 100_000)
    fund(ALICE, 100_000, currency="JPY")
    for _ in range(6):
        holds = [TransferFactory(held=True, amount=chance.randint(50, 500)) for _ in range(4)]
        moved = [
            TransferFactory(
                amount=chance.randint(50, 40_000), currency=chance.choice(["EUR", "JPY"])
            )
            for _ in range(4)
        ]
        apply(*holds, *moved, WithdrawalFactory(amount=10**9))
        apply(
            CaptureFactory(transaction_id=holds[0].transaction_id, amount=20),
            VoidFactory(transaction_id=holds[1].transaction_id),
            CaptureFactory(transaction_id=holds[2].transaction_id, amount=10**6),
            ReverseFactory(transaction_id=holds[0].transaction_id, amount=5),
        )
        if chance.random() < 0.5:
            tallies_fold()
    Account.objects.filter(owner=ALICE, currency="JPY").update(status="frozen")


@pytest.mark.usefixtures("books")
class TestFigures:
    def test_are_what_the_books_say(self):
        tallies_fold()

        assert figures() == naive()
        assert {row[0] for row in figures()} == {
            "transactions",
            "commands",
            "refusals",
            "accounts",
        }

    def test_are_the_same_when_they_are_made_anew(self):
        tallies_fold()
        kept = figures()
        HourlyFigure.objects.all().delete()

        figures_rebuild()

        assert figures() == kept
