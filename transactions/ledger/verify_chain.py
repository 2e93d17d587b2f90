"""
Follow the chain of seals over the stored rows: is it whole, and is it the one that users kept?

An entry's hash is computed again from its transaction and postings, so whatever was edited there
shows even if the entry was left alone. Whoever edits all of it, up to the last seal, no longer
has the seals that users keeps.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db.models import Max

from transactions.ledger.chain import ChainWalk, Fault, KeptSeals, Seal, missing
from transactions.ledger.models import JournalSeal
from transactions.ledger.snapshot import rows_read, rows_streamed, snapshot
from transactions.ledger.stored_journal import (
    BEGINNING,
    ENTRIES,
    SEALS,
    Place,
    entry_of,
    seal_of,
)

_NAMED_MAX = 20

_UNCLAIMED = """
    SELECT transaction_id, count(*) FROM ledger_posting AS posting
    WHERE NOT EXISTS (
        SELECT FROM ledger_journal_entry AS entry
        WHERE entry.transaction_id = posting.transaction_id AND entry.from_state = ''
    )
    GROUP BY transaction_id ORDER BY transaction_id LIMIT %s
"""

_CLAIMED_TWICE = """
    SELECT transaction_id, max(sequence) FROM ledger_journal_entry WHERE from_state = ''
    GROUP BY transaction_id HAVING count(*) > 1 ORDER BY transaction_id LIMIT %s
"""


class ChainReport(NamedTuple):
    """
    What was looked at and how many faults there were.

    `compared` seals were held beside those that users kept; None: there was nothing to compare
    with. `unsealed` is None when only a part of the chain was followed.
    """

    seals: int
    entries: int
    unsealed: int | None
    compared: int | None
    faults: int


def chain_verify(
    *,
    on_fault: Callable[[Fault], None],
    kept: Iterator[Seal] | None = None,
    on_entries: Callable[[int], None] = lambda _: None,
) -> ChainReport:
    """
    Follow the whole chain in one snapshot, and look for postings that no entry tells of.

    `kept` are the seals that users kept, ascending. Faults come in the order in which they are
    found, so the first about a seal or an entry is the first bad one.
    """
    beside = KeptSeals(kept) if kept is not None else None
    walk = ChainWalk(on_fault=on_fault, kept=beside)
    with snapshot():
        entries = rows_streamed(ENTRIES, BEGINNING)
        _follow(walk, rows_streamed(SEALS, [1]), entries, on_entries=on_entries, to_the_end=True)
        for fault in _postings_faults():
            walk.fault(fault)
    _missing_tell(walk, beside)
    return _report(walk, beside, unsealed=walk.unsealed)


def chain_part_verify(
    *,
    first: int,
    last: int,
    on_fault: Callable[[Fault], None],
    kept: Iterator[Seal] | None = None,
) -> ChainReport:
    """Follow the chain from one seal to another; `kept` are those that users kept of these."""
    beside = KeptSeals(kept) if kept is not None else None
    with snapshot():
        before = rows_read(SEALS + " LIMIT 1", [first - 1]) if first > 1 else []
        after = seal_of(before[0]) if before else None
        walk = ChainWalk(on_fault=on_fault, kept=beside, after=after)
        place = (before[0][6], before[0][3]) if before else BEGINNING
        seals = iter(rows_read(SEALS + " LIMIT %s", [first, last - first + 1]))
        _follow(walk, seals, rows_streamed(ENTRIES, place))
    _missing_tell(walk, beside)
    return _report(walk, beside, unsealed=None)


def chain_length() -> int:
    """The number of the last seal, 0 without any."""
    return JournalSeal.objects.aggregate(last=Max("number"))["last"] or 0


def _follow(
    walk: ChainWalk,
    seals: Iterator[tuple[Any, ...]],
    entries: Iterator[tuple[Any, ...]],
    *,
    on_entries: Callable[[int], None] = lambda _: None,
    to_the_end: bool = False,
) -> None:
    entry = next(entries, None)
    for seal in seals:
        end: Place = (seal[6], seal[3])
        while entry is not None and entry[:2] <= end:
            walk.entry(entry_of(entry))
            on_entries(1)
            entry = next(entries, None)
        walk.seal(seal_of(seal))
    while to_the_end and entry is not None:
        walk.entry(entry_of(entry))
        on_entries(1)
        entry = next(entries, None)


def _missing_tell(walk: ChainWalk, kept: KeptSeals | None) -> None:
    # Users may have kept a seal that was made after the snapshot, so these are looked up as
    # the books are now.
    for seal in kept.rest() if kept else ():
        if not JournalSeal.objects.filter(number=seal.number, digest=seal.digest).exists():
            walk.fault(missing(seal))


def _postings_faults() -> Iterator[Fault]:
    for transaction_id, count in rows_read(_UNCLAIMED, [_NAMED_MAX]):
        yield Fault(f"no entry tells of {count} postings of transaction {transaction_id}")
    for transaction_id, sequence in rows_read(_CLAIMED_TWICE, [_NAMED_MAX]):
        yield Fault(f"begins transaction {transaction_id} a second time", entry=sequence)


def _report(walk: ChainWalk, kept: KeptSeals | None, *, unsealed: int | None) -> ChainReport:
    return ChainReport(
        seals=walk.counts["seals"],
        entries=walk.counts["entries"],
        unsealed=unsealed,
        compared=kept.compared if kept else None,
        faults=walk.counts["faults"],
    )
