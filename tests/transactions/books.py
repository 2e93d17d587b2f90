"""Questions that tests ask of the whole ledger."""

from django.db import connection, transaction

from tests.factories.commands import DepositFactory
from transactions.ledger.models import Account
from transactions.ledger.services import ledger_apply


def apply(*commands):
    """One batch, committed."""
    with transaction.atomic():
        ledger_apply(commands=commands)


def fund(owner, amount, currency="EUR"):
    """Money that came in from outside."""
    apply(DepositFactory(owner=owner, amount=amount, currency=currency))


def balance(owner, currency="EUR"):
    return Account.objects.get(owner=owner, currency=currency).available


def books_differ():
    """Accounts whose totals are not the sums of their postings, and currencies out of zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account.id::text FROM ledger_account AS account
            LEFT JOIN ledger_posting AS posting ON posting.account_id = account.id
            GROUP BY account.id
            HAVING debits_posted <> coalesce(sum(amount) FILTER (WHERE direction = 'debit'), 0)
                OR credits_posted <> coalesce(sum(amount) FILTER (WHERE direction = 'credit'), 0)
            UNION ALL
            SELECT currency FROM ledger_account
            GROUP BY currency HAVING sum(debits_posted) <> sum(credits_posted)
            """
        )
        return cursor.fetchall()


def execute(statement, parameters=()):
    """Run SQL as the owner of the tables, past every model."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
