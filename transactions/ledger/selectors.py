"""Questions to the books."""

from uuid import UUID

from django.db.models import DateTimeField, Func, Prefetch, Q, QuerySet

from transactions.ledger.models import Account, JournalEntry, LedgerTransaction, Posting


class ReadAt(Func):
    """
    The database's clock while it reads the row.

    Everything that the row shows was recorded before: its transaction had committed when the
    statement took its snapshot.
    """

    function = "clock_timestamp"
    output_field = DateTimeField()


def accounts_of(*, owner: UUID) -> QuerySet[Account]:
    """A user's wallets, each with `as_of`, the moment it was read."""
    return Account.objects.filter(owner=owner).annotate(as_of=ReadAt())


def account_get(*, account_id: UUID, owner: UUID) -> Account | None:
    """A user's wallet with `as_of`; None for anybody else's, as if it did not exist."""
    return accounts_of(owner=owner).filter(pk=account_id).first()


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
