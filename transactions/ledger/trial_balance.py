"""The trial balance: whether debits equal credits over all accounts."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from django.db import connection


class ClassTotals(NamedTuple):
    """The sums of a class of accounts (`wallets`, or a role of the house), in minor units."""

    account_class: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int


class CurrencyBalance(NamedTuple):
    """One currency; it balances when both differences, debits less credits, are zero."""

    currency: str
    classes: Sequence[ClassTotals]

    @property
    def difference_posted(self) -> int:
        return sum(one.debits_posted - one.credits_posted for one in self.classes)

    @property
    def difference_pending(self) -> int:
        return sum(one.debits_pending - one.credits_pending for one in self.classes)

    @property
    def balances(self) -> bool:
        return self.difference_posted == 0 == self.difference_pending


def trial_balance() -> list[CurrencyBalance]:
    """
    Sum up every account, by currency.

    One statement, and so one snapshot: what is being posted meanwhile is in all of it or in
    nothing. It reads the whole table of accounts.
    """
    return list(_by_currency())


def _by_currency() -> Iterator[CurrencyBalance]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT currency, coalesce(nullif(role, ''), 'wallets') AS class,
                sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending)
            FROM ledger_account GROUP BY currency, class ORDER BY currency, class
            """
        )
        rows = cursor.fetchall()
    for currency, of_currency in groupby(rows, key=lambda row: row[0]):
        # PostgreSQL's sums of bigint are numeric, so that they cannot overflow.
        totals = [ClassTotals(row[1], *map(int, row[2:])) for row in of_currency]
        yield CurrencyBalance(currency, totals)
