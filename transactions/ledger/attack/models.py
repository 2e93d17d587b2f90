"""Attempts by Django's object mapper, in bulk and row by row."""

from typing import Any

from django.db.models import QuerySet

from common.ids import uuid7
from transactions.ledger.attack.attempt import Attempt, Way
from transactions.ledger.attack.scene import Scene
from transactions.ledger.models import (
    Account,
    JournalEntry,
    JournalSeal,
    LedgerTransaction,
    Posting,
)


def _save_posting(scene: Scene) -> None:
    posting = Posting.objects.filter(transaction=scene.committed).first()
    if posting is not None:
        posting.amount += 1
        posting.save()


def _update_in_bulk(scene: Scene) -> None:
    postings = list(Posting.objects.filter(transaction=scene.committed))
    for posting in postings:
        posting.amount += 1
    Posting.objects.bulk_update(postings, ["amount"])


def _replace_in_bulk(scene: Scene) -> None:
    postings = list(Posting.objects.filter(transaction=scene.committed))
    Posting.objects.bulk_create(
        postings, update_conflicts=True, unique_fields=["id"], update_fields=["amount"]
    )


def _add_in_bulk(scene: Scene) -> None:
    postings = list(Posting.objects.filter(transaction=scene.committed))
    for posting in postings:
        posting.pk = None
    Posting.objects.bulk_create(postings)


def _save_header_again(scene: Scene) -> None:
    scene.committed.amount = 1
    scene.committed.save()


def _copy_header(scene: Scene) -> None:
    scene.transfer.pk = uuid7()
    scene.transfer.save(force_insert=True)


def _rewrite_entries(_: Scene) -> None:
    entries = list(JournalEntry.objects.order_by("sequence")[:10])
    for entry in entries:
        entry.actor = "user:nobody"
    JournalEntry.objects.bulk_update(entries, ["actor"])


def _give_money(scene: Scene) -> None:
    scene.payer.credits_posted += 1_000
    scene.payer.save()


def _delete(rows: QuerySet[Any]) -> None:
    """Delete past Django's own protection of what hangs on a row."""
    rows._raw_delete(rows.db)  # noqa: SLF001  that is the attempt


MODELS = [
    Attempt(Way.ORM, "save a changed posting", _save_posting),
    Attempt(Way.ORM, "update postings in bulk", _update_in_bulk),
    Attempt(Way.ORM, "replace postings in bulk", _replace_in_bulk),
    Attempt(Way.ORM, "add postings in bulk", _add_in_bulk),
    Attempt(Way.ORM, "update by a queryset", lambda _: _done(Posting.objects.update(amount=1))),
    Attempt(
        Way.ORM,
        "delete a transaction",
        lambda one: _delete(LedgerTransaction.objects.filter(pk=one.committed.pk)),
    ),
    Attempt(Way.ORM, "delete entries", lambda _: _delete(JournalEntry.objects.order_by())),
    Attempt(Way.ORM, "save a changed transaction", _save_header_again),
    Attempt(Way.ORM, "copy a transaction", _copy_header),
    Attempt(Way.ORM, "rewrite entries in bulk", _rewrite_entries),
    Attempt(Way.ORM, "delete seals", lambda _: _done(JournalSeal.objects.all().delete())),
    Attempt(Way.ORM, "update seals", lambda _: _done(JournalSeal.objects.update(entries=1))),
    Attempt(Way.ORM, "give money by saving a wallet", _give_money),
    Attempt(
        Way.ORM,
        "delete a wallet",
        lambda one: _delete(Account.objects.filter(pk=one.payer.pk)),
    ),
]


def _done(_: object) -> None:
    """An attempt answers nothing; what the mapper answers is of no use."""
