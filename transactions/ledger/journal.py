"""
What a journal entry's hash is taken over.

The content names the money as well as the change of state, and the entry that begins a transaction
tells all of it that never changes: whatever is edited later no longer fits the hash.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

_ENCODER = msgspec.json.Encoder()
_VERSION = 2
_VERSION_WITHOUT_FACTS = 1


class Facts(NamedTuple):
    """
    What a transaction says for good beside its kind and its money.

    Who is debited and credited, of a refused one too; what a command is about; what deadlines
    are judged by; who asked, and the event that told so. None is what it does not have.
    """

    debit_account: UUID | None
    credit_account: UUID | None
    pending_id: UUID | None
    reverses_id: UUID | None
    hold_expires_at: datetime | None
    stream: UUID
    requested_by: UUID | None
    rejection_code: str
    reference: str | None
    effective_at: datetime | None
    recorded_at: datetime
    source_event_id: UUID
    source_sequence: int
    source_partition: int
    source_offset: int


FACTS_COLUMNS = tuple(f"{name}_id" if name.endswith("_account") else name for name in Facts._fields)
"""The columns of `ledger_transaction` that hold them."""


class Entry(NamedTuple):
    """
    The canonical content of a journal entry, in the order in which it is hashed.

    `legs` are `(account id, direction, layer, amount, balance after)` in the order written; only
    the first entry of a transaction, from no state, tells of its legs and `facts`.
    The entry's sequence is not part of it: the database draws it while writing. What is not
    legible of a discarded request is None.
    """

    transaction_id: UUID
    type: str
    from_state: str
    to_state: str
    code: str
    actor: str
    cause: UUID
    recorded_at: datetime
    kind: str | None
    amount: int | None
    currency: str | None
    legs: Iterable[tuple[UUID, str, str, int, int | None]]
    facts: Facts | None


_TIME = Entry._fields.index("recorded_at")
_FACTS_TIMES = [
    Facts._fields.index(name) for name in ("hold_expires_at", "effective_at", "recorded_at")
]


def entry_hash(entry: Entry) -> bytes:
    """SHA-256 over the entry as a compact JSON array; times are UTC with microseconds."""
    return _hash([_VERSION, *_plain(entry), _plain_facts(entry.facts)])


def hash_fits(entry: Entry, stored: bytes) -> bool:
    """
    Whether a stored hash is that of an entry.

    Entries from before facts were hashed have hashes without them. Nobody can give such a hash
    to a later entry without changing what is sealed.
    """
    return stored in (entry_hash(entry), _hash([_VERSION_WITHOUT_FACTS, *_plain(entry)]))


def _plain(entry: Entry) -> list[Any]:
    """Everything but the facts."""
    return [*entry[:_TIME], _moment(entry.recorded_at), *entry[_TIME + 1 : -1]]


def _plain_facts(facts: Facts | None) -> list[Any] | None:
    if facts is None:
        return None
    plain: list[Any] = list(facts)
    for place in _FACTS_TIMES:
        if plain[place] is not None:
            plain[place] = _moment(plain[place])
    return plain


@lru_cache(maxsize=8)  # a batch has one time of recording, which each of its entries tells twice
def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _hash(content: list[Any]) -> bytes:
    return hashlib.sha256(_ENCODER.encode(content)).digest()
