"""Questions to the books."""

from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet

from transactions.ledger.models import MOVED, JournalEntry, LedgerTransaction, Posting

_PAGES_EXTRA = 5
"""Pages hold neighbours, so more are drawn than are needed."""


def ledger_transaction_get(*, transaction_id: UUID, viewer: UUID) -> LedgerTransaction | None:
    """
    A transaction with `postings` and `journal`, or None when the viewer may not know of it.

    It shows to the user whose wallet it is about, to who asked for it, and to the receiver
    once the money is theirs; that of a command also to whoever may see its original.
    """
    return (
        LedgerTransaction.objects.filter(
            _shows_to(viewer)
            | Q(pending__isnull=True, reverses__isnull=True) & _received_by(viewer)
            | _shows_to(viewer, "pending__")
            | _received_by(viewer, "pending__")
            | _shows_to(viewer, "reverses__")
            | _received_by(viewer, "reverses__"),
            pk=transaction_id,
        )
        .prefetch_related(
            Prefetch("postings", Posting.objects.select_related("account").order_by("id")),
            Prefetch("journal", JournalEntry.objects.order_by("sequence")),
        )
        .first()
    )


def ledger_commands_of(*, transaction_id: UUID) -> QuerySet[LedgerTransaction]:
    """What commands to a transaction led to, refused ones included, in order."""
    return LedgerTransaction.objects.filter(
        Q(pending=transaction_id) | Q(reverses=transaction_id)
    ).order_by("source_sequence", "id")


def _shows_to(viewer: UUID, path: str = "") -> Q:
    return Q(**{f"{path}stream": viewer}) | Q(**{f"{path}requested_by": viewer})


def _received_by(viewer: UUID, path: str = "") -> Q:
    return Q(**{f"{path}state__in": MOVED, f"{path}credit_account__owner": viewer})


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
                debits_posted = coalesce(sum(posting.amount)
                    FILTER (WHERE layer = 'posted' AND direction = 'debit'), 0)
                AND credits_posted = coalesce(sum(posting.amount)
                    FILTER (WHERE layer = 'posted' AND direction = 'credit'), 0)
                AND debits_pending = coalesce(sum(CASE direction
                        WHEN 'debit' THEN posting.amount ELSE -posting.amount END)
                    FILTER (WHERE (direction = 'debit') = (hold.pending_id IS NULL)
                        AND layer = 'pending'), 0)
                AND credits_pending = coalesce(sum(CASE direction
                        WHEN 'credit' THEN posting.amount ELSE -posting.amount END)
                    FILTER (WHERE (direction = 'credit') = (hold.pending_id IS NULL)
                        AND layer = 'pending'), 0)
            FROM ledger_account AS account
            LEFT JOIN ledger_posting AS posting ON posting.account_id = account.id
            -- A release has a hold's legs the other way round, so who posted a leg tells its side.
            LEFT JOIN ledger_transaction AS hold
                ON hold.id = posting.transaction_id AND posting.layer = 'pending'
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
