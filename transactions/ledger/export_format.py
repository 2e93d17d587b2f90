"""
The lines of an exported ledger: one JSON object each, checked when read. Plain Python.

In this order: the header; the accounts by id; the journal in the order of its seals, each seal
after the last entry under it; the trailer. An entry brings along the transaction and the postings
that it tells of, so a reader needs no look-up and little memory.
"""

from datetime import datetime
from uuid import UUID

import msgspec

FORMAT = "notion-ledger"
VERSION = 1


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="line"):
    """Base of all lines."""


class Header(Line, frozen=True, kw_only=True, tag="header"):
    """
    What the file is, of when, and how much must follow.

    `head` is the digest of the last seal, in hexadecimal; None without any. Whoever keeps it, as
    users does, can tell later whether the file is of the books it saw.
    """

    format: str
    version: int
    as_of: datetime
    accounts: int
    transactions: int
    postings: int
    entries: int
    seals: int
    head: str | None


class AccountLine(Line, frozen=True, kw_only=True, tag="account"):
    """An account and its totals in minor units; `owner` is None for one of the house."""

    id: UUID
    owner: UUID | None
    role: str
    currency: str
    normal_side: str
    status: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int
    opened_at: datetime
    last_recorded_at: datetime | None


class TransactionPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The transaction that an entry begins; kind, amount and currency are the entry's.

    State and amounts are those at the time of the export; the rest is what the entry's hash is
    taken over as `Facts`.
    """

    state: str
    rejection_code: str
    reference: str | None
    debit_account: UUID | None
    credit_account: UUID | None
    pending_id: UUID | None
    reverses_id: UUID | None
    hold_expires_at: datetime | None
    captured_amount: int
    reversed_amount: int
    stream: UUID
    requested_by: UUID | None
    effective_at: datetime | None
    recorded_at: datetime
    source_event_id: UUID
    source_sequence: int
    source_partition: int
    source_offset: int


class EntryLine(Line, frozen=True, kw_only=True, tag="entry"):
    """
    A journal entry with what its hash is taken over; see `journal.py` for `legs`.

    `transaction` is there with the entry that begins one, and only such an entry has legs.
    """

    sequence: int
    hash: str
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
    legs: list[tuple[UUID, str, str, int, int | None]]
    transaction: TransactionPart | None


class SealLine(Line, frozen=True, kw_only=True, tag="seal"):
    """A seal over the entries since the one before; digests are hexadecimal."""

    number: int
    previous: str
    entries: int
    last_sequence: int
    sealed_at: datetime
    digest: str


class Trailer(Line, frozen=True, kw_only=True, tag="trailer"):
    """The end: how many lines came before, and SHA-256 over every byte of them."""

    lines: int
    sha256: str


AnyLine = Header | AccountLine | EntryLine | SealLine | Trailer

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AnyLine)


def line_encode(line: AnyLine) -> bytes:
    """A line with its end."""
    return _ENCODER.encode(line) + b"\n"


def line_decode(text: bytes) -> AnyLine:
    """Read a line. Raises `msgspec.MsgspecError`."""
    return _DECODER.decode(text)
