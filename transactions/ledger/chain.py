"""
How journal entries are sealed, and how a chain of seals is followed. Plain Python.

A seal's digest is SHA-256 over the digest of the seal before (zeros for the first), its own
number, and sequence and hash of every entry under it, in order; numbers are eight bytes, the
highest first. Whoever changes, adds or removes an entry under a seal has to make new digests from
there on, and no longer agrees with whoever kept the old ones.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from transactions.ledger.journal import Entry, hash_fits

FIRST_PREVIOUS = bytes(32)
"""What stands for the digest of the seal before the first."""


class Seal(NamedTuple):
    """One seal as it is stored, told or exported."""

    number: int
    previous: bytes
    entries: int
    last_sequence: int
    sealed_at: datetime
    digest: bytes


class StoredEntry(NamedTuple):
    """A journal entry as it is stored; `content` is read from the books and not from the hash."""

    sequence: int
    content: Entry
    hash: bytes


class Fault(NamedTuple):
    """
    Something that does not fit. `seal` and `entry` (a sequence) are where, None when it is not
    about one.
    """

    says: str
    seal: int | None = None
    entry: int | None = None


class SealDigest:
    """The digest of one seal, taken entry by entry."""

    def __init__(self, *, number: int, previous: bytes) -> None:
        self._sha = hashlib.sha256(previous + _bytes_of(number))
        self.entries = 0
        self.last_sequence = 0

    def add(self, sequence: int, entry_hash: bytes) -> None:
        """Add the next entry."""
        self._sha.update(_bytes_of(sequence) + entry_hash)
        self.entries += 1
        self.last_sequence = sequence

    def value(self) -> bytes:
        """The digest over what was added by now."""
        return self._sha.digest()


class KeptSeals:
    """Seals as somebody else kept them, ascending by number, held beside ours in one pass."""

    def __init__(self, kept: Iterator[Seal]) -> None:
        self._kept = kept
        self._next = next(kept, None)
        self.compared = 0

    def faults_of(self, seal: Seal) -> Iterator[Fault]:
        """Compare our next seal; what was kept below its number and is not ours is told too."""
        while self._next is not None and self._next.number < seal.number:
            yield missing(self._next)
            self._next = next(self._kept, None)
        if self._next is not None and self._next.number == seal.number:
            self.compared += 1
            # The same entries may be sealed once more after a restore, and later.
            if self._next._replace(sealed_at=seal.sealed_at) != seal:
                yield Fault("is not the seal that users kept", seal=seal.number)
            self._next = next(self._kept, None)

    def rest(self) -> Iterator[Seal]:
        """What was kept above our last seal, perhaps of seals that were made since."""
        while self._next is not None:
            yield self._next
            self._next = next(self._kept, None)


class ChainWalk:
    """
    Follows a chain: entries in their order, and after the last one under a seal the seal.

    Keeps nothing but the open seal, so a chain of any length fits. It goes on after a fault as if
    what is stored were right, so that one fault is told once.
    """

    def __init__(
        self,
        *,
        on_fault: Callable[[Fault], None],
        after: Seal | None = None,
        kept: KeptSeals | None = None,
    ) -> None:
        self._on_fault = on_fault
        self._kept = kept
        self._last = after
        self.counts: Counter[str] = Counter()
        self._open = self._opened()

    @property
    def unsealed(self) -> int:
        """How many entries came since the last seal."""
        return self._open.entries

    def entry(self, stored: StoredEntry) -> None:
        """Check the next entry and add it to the open seal."""
        self.counts["entries"] += 1
        if not hash_fits(stored.content, stored.hash):
            self.fault(Fault("does not fit its hash", entry=stored.sequence))
        self._open.add(stored.sequence, stored.hash)

    def seal(self, seal: Seal) -> None:
        """Check the seal over the entries since the one before."""
        self.counts["seals"] += 1
        for says in self._misfits(seal):
            self.fault(Fault(says, seal=seal.number))
        for fault in self._kept.faults_of(seal) if self._kept else ():
            self.fault(fault)
        self._last = seal
        self._open = self._opened()

    def fault(self, fault: Fault) -> None:
        """Count and tell a fault."""
        self.counts["faults"] += 1
        self._on_fault(fault)

    def _misfits(self, seal: Seal) -> Iterator[str]:
        number, previous = self._follows()
        if seal.number != number:
            yield f"stands where seal {number} should"
        if seal.previous != previous:
            yield "does not name the digest of the seal before"
        if seal.entries != self._open.entries:
            yield f"says {seal.entries} entries and has {self._open.entries}"
        if seal.last_sequence != self._open.last_sequence:
            yield f"ends with entry {self._open.last_sequence} and not {seal.last_sequence}"
        if seal.digest != self._open.value():
            yield "has another digest than its entries give"

    def _opened(self) -> SealDigest:
        number, previous = self._follows()
        return SealDigest(number=number, previous=previous)

    def _follows(self) -> tuple[int, bytes]:
        """Number and `previous` of the seal that must come next."""
        return (self._last.number + 1, self._last.digest) if self._last else (1, FIRST_PREVIOUS)


def missing(kept: Seal) -> Fault:
    """The fault that a seal which users kept is not in the books."""
    return Fault("was kept by users and is not here", seal=kept.number)


def _bytes_of(number: int) -> bytes:
    return number.to_bytes(8, "big")
