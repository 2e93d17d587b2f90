"""The sealer: puts seals over journal entries and announces them, away from the money's road."""

from typing import NamedTuple

from django.db import connection, transaction

from common.db.clock import database_clock
from common.events.contracts import JOURNAL_STREAM, JournalSealedV1
from common.outbox.append import NewEvent, outbox_append_many
from transactions.ledger.chain import FIRST_PREVIOUS, SealDigest
from transactions.ledger.errors import SealingRefused
from transactions.ledger.models import JournalSeal

ENTRIES_MAX = 10_000
"""Entries under one seal at most, so that one is checked quickly."""

# One sealer at a time; the key is only this project's.
_LOCK = 7_305_517_284_401


class _Head(NamedTuple):
    """The last seal, or what stands for it before the first."""

    number: int
    digest: bytes
    last_xid: int
    last_sequence: int
    highest_sequence: int


class _Open(NamedTuple):
    """An entry without a seal whose writer has ended."""

    xid: int
    sequence: int
    hash: bytes


def journal_seal(*, seals_max: int | None = None, entries_max: int = ENTRIES_MAX) -> int:
    """
    Seal every entry whose writer has ended; at most `seals_max` seals of `entries_max` entries.

    Each seal is announced in its own transaction. Returns how many were made: none as well when
    another sealer is at work.

    Raises:
        SealingRefused: transaction ids went back, as after moving the database to another cluster.
    """
    made = 0
    while seals_max is None or made < seals_max:
        with transaction.atomic(durable=True):
            if not _locked():
                break
            head = _head()
            if made == 0:
                _assert_ids_went_on(head)
            entries = _open_entries(head, entries_max)
            if not entries:
                break
            _announce(_seal(head, entries))
        made += 1
    return made


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        locked: bool = cursor.fetchone()[0]
    return locked


def _head() -> _Head:
    seal = JournalSeal.objects.order_by("-number").first()
    if seal is None:
        return _Head(0, FIRST_PREVIOUS, 0, 0, 0)
    return _Head(
        seal.number, bytes(seal.digest), seal.last_xid, seal.last_sequence, seal.highest_sequence
    )


def _assert_ids_went_on(head: _Head) -> None:
    # Note [Transaction ids]: the order of seals rests on ids that only grow. A dump that is put
    # into another cluster meets younger ids there: new entries would sort below the last seal
    # and never be sealed, or old ones above everything and hold up the rest.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pg_snapshot_xmin(now)::text::bigint <= %(xid)s,
                EXISTS (
                    SELECT FROM ledger_journal_entry WHERE sequence > %(highest)s
                    AND (written_by, sequence) <= (%(xid)s::text::xid8, %(sequence)s)
                ),
                EXISTS (SELECT FROM ledger_journal_entry WHERE written_by >= pg_snapshot_xmax(now))
            FROM pg_current_snapshot() AS now
            """,
            {
                "xid": head.last_xid,
                "sequence": head.last_sequence,
                "highest": head.highest_sequence,
            },
        )
        went_back, slipped_in, of_the_future = cursor.fetchone()
    if went_back and head.number:
        raise SealingRefused(f"transaction ids are not past that of seal {head.number}")
    if slipped_in:
        raise SealingRefused(f"an entry without a seal sorts below seal {head.number}")
    if of_the_future:
        raise SealingRefused("an entry is written by a transaction that is yet to come")


def _open_entries(head: _Head, entries_max: int) -> list[_Open]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT written_by::text::bigint, sequence, hash FROM ledger_journal_entry
            WHERE (written_by, sequence) > (%s::text::xid8, %s)
                AND written_by < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY ledger_journal_entry.written_by, sequence LIMIT %s
            """,
            [head.last_xid, head.last_sequence, entries_max],
        )
        return [_Open(xid, sequence, bytes(digest)) for xid, sequence, digest in cursor.fetchall()]


def _seal(head: _Head, entries: list[_Open]) -> JournalSeal:
    digest = SealDigest(number=head.number + 1, previous=head.digest)
    for entry in entries:
        digest.add(entry.sequence, entry.hash)
    return JournalSeal.objects.create(
        number=head.number + 1,
        previous=head.digest,
        entries=digest.entries,
        last_xid=entries[-1].xid,
        last_sequence=digest.last_sequence,
        highest_sequence=max(head.highest_sequence, *(one.sequence for one in entries)),
        sealed_at=database_clock(),
        digest=digest.value(),
    )


def _announce(seal: JournalSeal) -> None:
    event = JournalSealedV1(
        number=seal.number,
        entries=seal.entries,
        last_sequence=seal.last_sequence,
        previous=bytes(seal.previous).hex(),
        digest=bytes(seal.digest).hex(),
        sealed_at=seal.sealed_at,
    )
    outbox_append_many(
        events=[
            NewEvent(
                stream=JOURNAL_STREAM,
                event=event,
                occurred_at=seal.sealed_at,
                actor="system:ledger",
                correlation_id=f"journal-seal-{seal.number}",
            )
        ]
    )
