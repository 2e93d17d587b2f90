"""The whole ledger as lines, as it is at one moment, in constant memory."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from transactions.ledger.export_format import (
    FORMAT,
    VERSION,
    AccountLine,
    AnyLine,
    EntryLine,
    Header,
    SealLine,
    Trailer,
    TransactionPart,
    line_encode,
)
from transactions.ledger.snapshot import rows_read, rows_streamed, snapshot
from transactions.ledger.stored_journal import (
    BEGINNING,
    ENTRIES,
    SEALS,
    entry_of,
    seal_of,
    standing_of,
)

_COUNTS = """
    SELECT clock_timestamp(), (SELECT count(*) FROM ledger_account),
        (SELECT count(*) FROM ledger_transaction), (SELECT count(*) FROM ledger_posting),
        (SELECT count(*) FROM ledger_journal_entry), (SELECT count(*) FROM ledger_journal_seal),
        (SELECT encode(digest, 'hex') FROM ledger_journal_seal ORDER BY number DESC LIMIT 1)
"""

_ACCOUNT = AccountLine.__struct_fields__

_ACCOUNTS = f"SELECT {', '.join(_ACCOUNT)} FROM ledger_account ORDER BY id"  # noqa: S608  names of members


def ledger_export(
    *, write: Callable[[bytes], object], on_lines: Callable[[int], None] = lambda _: None
) -> Trailer:
    """Write every line in one snapshot; without the trailer at its end a file is not whole."""
    sha = hashlib.sha256()
    lines = 0
    with snapshot():
        for line in _lines():
            text = line_encode(line)
            sha.update(text)
            write(text)
            lines += 1
            on_lines(1)
    trailer = Trailer(lines=lines, sha256=sha.hexdigest())
    write(line_encode(trailer))
    return trailer


def _lines() -> Iterator[AnyLine]:
    yield _header()
    for row in rows_streamed(_ACCOUNTS):
        yield AccountLine(**dict(zip(_ACCOUNT, row, strict=True)))
    yield from _journal()


def _header() -> Header:
    ((as_of, accounts, transactions, postings, entries, seals, head),) = rows_read(_COUNTS)
    return Header(
        format=FORMAT,
        version=VERSION,
        as_of=as_of,
        accounts=accounts,
        transactions=transactions,
        postings=postings,
        entries=entries,
        seals=seals,
        head=head,
    )


def _journal() -> Iterator[EntryLine | SealLine]:
    """Entries in the order of seals, each seal after its last entry."""
    entries = rows_streamed(ENTRIES, BEGINNING)
    entry = next(entries, None)
    for seal in rows_streamed(SEALS, [1]):
        end = (seal[6], seal[3])
        while entry is not None and entry[:2] <= end:
            yield _entry(entry)
            entry = next(entries, None)
        yield _seal(seal)
    while entry is not None:
        yield _entry(entry)
        entry = next(entries, None)


def _entry(row: tuple[Any, ...]) -> EntryLine:
    stored = entry_of(row)
    told, facts = stored.content._asdict(), stored.content.facts
    del told["facts"]
    part = None if facts is None else facts._asdict() | standing_of(row)._asdict()
    return EntryLine(
        **told,
        sequence=stored.sequence,
        hash=stored.hash.hex(),
        transaction=None if part is None else TransactionPart(**part),
    )


def _seal(row: tuple[Any, ...]) -> SealLine:
    seal = seal_of(row)
    sealed_at: datetime = seal.sealed_at
    return SealLine(
        number=seal.number,
        previous=seal.previous.hex(),
        entries=seal.entries,
        last_sequence=seal.last_sequence,
        sealed_at=sealed_at,
        digest=seal.digest.hex(),
    )
