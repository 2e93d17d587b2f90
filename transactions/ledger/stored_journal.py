"""The journal and its seals as they are stored, read for those who follow the chain."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from transactions.ledger.chain import Seal, StoredEntry
from transactions.ledger.journal import FACTS_COLUMNS, Entry, Facts

Place = tuple[int, int]
"""Transaction id and sequence: where an entry stands in the order of seals."""

BEGINNING: Place = (0, 0)


class Standing(NamedTuple):
    """What changes of a transaction, as it is by now; amounts are minor units."""

    state: str
    captured_amount: int
    reversed_amount: int


# An entry's legs are those of its transaction and time, told by the entry that began it.
ENTRIES = f"""
    SELECT entry.written_by::text::bigint, entry.sequence, entry.hash, entry.transaction_id,
        entry.type, entry.from_state, entry.to_state, entry.code, entry.actor, entry.cause,
        entry.recorded_at, header.kind, header.amount, header.currency,
        CASE WHEN entry.from_state = '' THEN (
            SELECT json_agg(
                json_build_array(account_id, direction, layer, amount, balance_after) ORDER BY id
            )::text
            FROM ledger_posting AS posting
            WHERE posting.transaction_id = entry.transaction_id
                AND posting.recorded_at = entry.recorded_at
        ) END,
        {", ".join(f"header.{name}" for name in (*FACTS_COLUMNS, *Standing._fields))}
    FROM ledger_journal_entry AS entry
    LEFT JOIN ledger_transaction AS header ON header.id = entry.transaction_id
    WHERE (entry.written_by, entry.sequence) > (%s::text::xid8, %s)
    ORDER BY entry.written_by, entry.sequence
"""  # noqa: S608  names of members

SEALS = """
    SELECT number, previous, entries, last_sequence, sealed_at, digest, last_xid
    FROM ledger_journal_seal WHERE number >= %s ORDER BY number
"""

_FACTS_END = -len(Standing._fields)
_FACTS = slice(_FACTS_END - len(FACTS_COLUMNS), _FACTS_END)
_LEGS = list[tuple[UUID, str, str, int, int | None]]


def seal_of(row: tuple[Any, ...]) -> Seal:
    """A row of `SEALS` as the chain knows it."""
    number, previous, entries, last_sequence, sealed_at, digest = row[:6]
    return Seal(number, bytes(previous), entries, last_sequence, sealed_at, bytes(digest))


def entry_of(row: tuple[Any, ...]) -> StoredEntry:
    """A row of `ENTRIES` as the chain knows it."""
    _, sequence, digest, *content, legs = row[: _FACTS.start]
    told = msgspec.json.decode(legs, type=_LEGS) if legs else []
    facts = Facts._make(row[_FACTS])
    # Of a transaction that is gone nothing is known.
    begins = row[5] == "" and facts.stream is not None
    entry = Entry._make([*content, told, facts if begins else None])
    return StoredEntry(sequence, entry, bytes(digest))


def standing_of(row: tuple[Any, ...]) -> Standing:
    """What the transaction of a row of `ENTRIES` has become."""
    return Standing._make(row[_FACTS_END:])
