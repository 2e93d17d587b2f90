"""Questions to the books."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import IntegerField, Prefetch, Q, QuerySet
from django.db.models.expressions import RawSQL

from transactions.ledger.models import MOVED, JournalEntry, LedgerTransaction, Posting


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


def journal_with_seals(*, transaction_ids: Sequence[UUID], limit: int) -> list[JournalEntry]:
    """
    The latest journal entries of transactions, in order.

    `seal` of each is the number of the seal that it is under, None if there is none yet.
    """
    # Which database transaction wrote an entry, and so which seal it is under, no model knows.
    seal = RawSQL(
        """
        (SELECT number FROM ledger_journal_seal AS seal
        WHERE (seal.last_xid, seal.last_sequence)
            >= (ledger_journal_entry.written_by::text::bigint, ledger_journal_entry.sequence)
        ORDER BY seal.last_xid, seal.last_sequence LIMIT 1)
        """,
        [],
        output_field=IntegerField(),
    )
    entries = JournalEntry.objects.filter(transaction_id__in=transaction_ids)
    return list(reversed(entries.annotate(seal=seal).order_by("-sequence")[:limit]))


def _shows_to(viewer: UUID, path: str = "") -> Q:
    return Q(**{f"{path}stream": viewer}) | Q(**{f"{path}requested_by": viewer})


def _received_by(viewer: UUID, path: str = "") -> Q:
    return Q(**{f"{path}state__in": MOVED, f"{path}credit_account__owner": viewer})
