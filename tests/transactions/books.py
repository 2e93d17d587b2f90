"""Questions that tests ask of the whole ledger."""

from django.db import connection, transaction

from tests.factories.commands import DepositFactory
from transactions.ledger.models import Account, LedgerTransaction
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
            WITH leg AS (
                SELECT account_id, posting.amount, CASE
                    WHEN layer = 'posted' THEN direction
                    -- A release has the legs of its hold the other way round.
                    WHEN pending_id IS NULL THEN 'hold ' || direction
                    ELSE 'release ' || direction
                END AS side
                FROM ledger_posting AS posting
                JOIN ledger_transaction AS header ON header.id = transaction_id
            ), sums AS MATERIALIZED (
                SELECT account_id,
                    coalesce(sum(amount) FILTER (WHERE side = 'debit'), 0) AS debits,
                    coalesce(sum(amount) FILTER (WHERE side = 'credit'), 0) AS credits,
                    coalesce(sum(amount) FILTER (WHERE side = 'hold debit'), 0)
                    - coalesce(sum(amount) FILTER (WHERE side = 'release credit'), 0) AS held,
                    coalesce(sum(amount) FILTER (WHERE side = 'hold credit'), 0)
                    - coalesce(sum(amount) FILTER (WHERE side = 'release debit'), 0) AS expected
                FROM leg GROUP BY account_id
            )
            SELECT account.id::text FROM ledger_account AS account
            LEFT JOIN sums ON account_id = account.id
            WHERE (debits_posted, credits_posted, debits_pending, credits_pending) <>
                (coalesce(debits, 0), coalesce(credits, 0), coalesce(held, 0),
                    coalesce(expected, 0))
            UNION ALL
            SELECT currency FROM ledger_account GROUP BY currency
            HAVING sum(debits_posted) <> sum(credits_posted)
                OR sum(debits_pending) <> sum(credits_pending)
            """
        )
        return cursor.fetchall()


def transaction_of(command):
    """The ledger transaction that a command became."""
    return LedgerTransaction.objects.get(pk=command.recorded_as)


def standing(command):
    """State, captured and reversed amount of a request's transaction."""
    found = transaction_of(command)
    return found.state, found.captured_amount, found.reversed_amount


def code_of(command):
    """Why a command was refused; empty if it was not."""
    return transaction_of(command).rejection_code


def totals(owner, currency="EUR"):
    """Posted, what open holds would take, and what they would bring."""
    wallet = Account.objects.get(owner=owner, currency=currency)
    return wallet.posted, wallet.debits_pending, wallet.credits_pending


def execute(statement, parameters=()):
    """Run SQL as the owner of the tables, past every model."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def totals_follow(one):
    """Add what a transaction posted to the totals of its wallets, as the consumer does."""
    execute(
        """
        UPDATE ledger_account AS account
        SET debits_posted = debits_posted + debits, credits_posted = credits_posted + credits,
            debits_pending = debits_pending + held - released,
            credits_pending = credits_pending + expected - given_up, last_recorded_at = at
        FROM (
            SELECT account_id, max(recorded_at) AS at,
                coalesce(sum(amount) FILTER (WHERE side = 'posted debit'), 0) AS debits,
                coalesce(sum(amount) FILTER (WHERE side = 'posted credit'), 0) AS credits,
                coalesce(sum(amount) FILTER (WHERE NOT ends AND side = 'pending debit'), 0) AS held,
                coalesce(sum(amount) FILTER (WHERE NOT ends AND side = 'pending credit'), 0)
                    AS expected,
                coalesce(sum(amount) FILTER (WHERE ends AND side = 'pending credit'), 0)
                    AS released,
                coalesce(sum(amount) FILTER (WHERE ends AND side = 'pending debit'), 0) AS given_up
            FROM (
                SELECT *, layer || ' ' || direction AS side, %s AS ends
                FROM ledger_posting WHERE transaction_id = %s
            ) AS leg
            GROUP BY account_id
        ) AS sums
        WHERE account.id = account_id
        """,
        [one.pending_id is not None, one.id],
    )
