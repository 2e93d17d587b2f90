"""Questions to the books."""

from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, Q

from transactions.ledger.models import JournalEntry, LedgerTransaction, Posting

_PAGES_EXTRA = 5
"""Pages hold neighbours, so more are drawn than are needed."""


def ledger_transaction_get(*, transaction_id: UUID, viewer: UUID) -> LedgerTransaction | None:
    """
    A transaction with `postings` and `journal`, or None when the viewer may not know of it.

    It shows to the user whose wallet it is about, to who asked for it, and to the receiver
    once the money is theirs.
    """
    received = Q(state=LedgerTransaction.State.POSTED, credit_account__owner=viewer)
    return (
        LedgerTransaction.objects.filter(
            Q(stream=viewer) | Q(requested_by=viewer) | received, pk=transaction_id
        )
        .prefetch_related(
            Prefetch("postings", Posting.objects.select_related("account").order_by("id")),
            Prefetch("journal", JournalEntry.objects.order_by("sequence")),
        )
        .first()
    )


class Comparison(NamedTuple):
    """How many accounts were compared, and which do not equal their postings."""

    compared: int
    differing: list[UUID]


def balances_compare(*, sample: int) -> Comparison:
    """
    Compare the totals of about `sample` accounts, drawn by chance, with their postings' sums.

    One statement, and so one snapshot: what is being posted meanwhile is in both or neither.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account.id,
                debits_posted = coalesce(sum(amount) FILTER (WHERE direction = 'debit'), 0)
                AND credits_posted = coalesce(sum(amount) FILTER (WHERE direction = 'credit'), 0)
            FROM ledger_account AS account
            LEFT JOIN ledger_posting AS posting
                ON posting.account_id = account.id AND posting.layer = 'posted'
            WHERE account.id = ANY(%s)
            GROUP BY account.id
            """,
            [_accounts_drawn(sample)],
        )
        rows = cursor.fetchall()
    return Comparison(len(rows), [account_id for account_id, agrees in rows if not agrees])


def _accounts_drawn(sample: int) -> list[UUID]:
    """Ids of accounts from pages drawn by chance, so that a large table is not read whole."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'ledger_account'::regclass")
        # PostgreSQL's own estimate; it is -1 before the first ANALYZE.
        known = max(cursor.fetchone()[0], 1)
        percent = min(100.0, 100.0 * _PAGES_EXTRA * sample / known)
        cursor.execute(
            "SELECT id FROM ledger_account TABLESAMPLE SYSTEM (%s) ORDER BY random() LIMIT %s",
            [percent, sample],
        )
        return [account_id for (account_id,) in cursor.fetchall()]
