"""
What a journal entry's hash is taken over.

The content names the money as well as the change of state: an amount that is edited later no
longer fits the hash.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

_ENCODER = msgspec.json.Encoder()
_VERSION = 1


class Entry(NamedTuple):
    """
    The canonical content of a journal entry, in the order in which it is hashed.

    `legs` are `(account id, direction, layer, amount, balance after)` in the order written; only
    the first entry of a transaction, from no state, tells of its legs.
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


_TIME = Entry._fields.index("recorded_at")


def entry_hash(entry: Entry) -> bytes:
    """SHA-256 over the entry as a compact JSON array; times are UTC with microseconds."""
    moment = entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [_VERSION, *entry[:_TIME], moment, *entry[_TIME + 1 :]]
    return hashlib.sha256(_ENCODER.encode(content)).digest()
