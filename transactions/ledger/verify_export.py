"""
Check an exported ledger without a database: `python -m transactions.ledger.verify_export FILE`.

Every hash, the chain of seals, every transaction, every account and the trial balance are computed
again from the file alone. Memory grows with the accounts and with the transactions that changed
after they began, not with the journal. Exit codes: 0 it is right, 1 it is not, 2 it cannot be read.
"""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import msgspec

from transactions.ledger.chain import ChainWalk, Fault, Seal, StoredEntry
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
    line_decode,
)
from transactions.ledger.journal import Entry, Facts

_NAMED_MAX = 20
_PROGRESS_LINES = 100_000
_HEADER_MEMBERS = ("accounts", "transactions", "postings", "entries", "seals")

Totals = list[int]
"""Debits and credits posted, debits and credits pending, in minor units."""


class FileFault(Exception):
    """The file cannot be followed from here on."""


class ExportCheck:
    """Follows the lines of one file; `on_fault` gets the number of the line and what is wrong."""

    def __init__(self, on_fault: Callable[[int, str], None]) -> None:
        self._on_fault = on_fault
        self._line = 0
        self._sha = hashlib.sha256()
        self._header: Header | None = None
        self._ended = False
        self._counts: Counter[str] = Counter()
        self._accounts: dict[UUID, tuple[int, AccountLine]] = {}
        self._sums: dict[UUID, Totals] = {}
        # Transactions that changed since they began: the state last told, and the one they have.
        self._changed: dict[UUID, tuple[str, str]] = {}
        self._walk = ChainWalk(on_fault=self._chain_fault)
        self._head: str | None = None

    @property
    def entries(self) -> int:
        """How many entries were checked by now."""
        return self._counts["entries"]

    @property
    def head(self) -> str | None:
        """The digest of the last seal."""
        return self._head

    def line(self, text: bytes) -> None:
        """
        Check the next line.

        Raises:
            FileFault: it is no line of such a file, or not where it belongs.
        """
        self._line += 1
        if self._ended:
            raise FileFault(f"line {self._line}: something follows the trailer")
        try:
            line = line_decode(text)
        except msgspec.MsgspecError as error:
            raise FileFault(f"line {self._line}: {error}") from error
        if not isinstance(line, Trailer):
            self._sha.update(text)
        self._take(line)

    def end(self) -> None:
        """Check what only the whole file says. Raises `FileFault` when it is not whole."""
        if self._header is None or not self._ended:
            raise FileFault("the file is not whole: it has no header or no trailer")
        for name in _HEADER_MEMBERS:
            said, found = getattr(self._header, name), self._counts[name]
            if said != found:
                self._fault(f"the header says {said} {name}, and there are {found}", line=1)
        if self._header.head != self._head:
            self._fault("the header names another last seal", line=1)
        self._check_accounts()
        for transaction_id, (told, state) in self._changed.items():
            if told != state:
                self._fault(f"transaction {transaction_id} is {state}, and was last told {told}")

    def _take(self, line: AnyLine) -> None:
        if isinstance(line, Header) != (self._line == 1):
            raise FileFault(f"line {self._line}: a header is the first line, and only that")
        match line:
            case Header():
                self._take_header(line)
            case AccountLine():
                self._counts["accounts"] += 1
                self._accounts[line.id] = (self._line, line)
            case EntryLine():
                self._take_entry(line)
            case SealLine():
                self._take_seal(line)
            case Trailer():
                self._take_trailer(line)

    def _take_header(self, header: Header) -> None:
        if (header.format, header.version) != (FORMAT, VERSION):
            raise FileFault(f"line 1: {header.format} {header.version} is not known here")
        self._header = header

    def _take_entry(self, line: EntryLine) -> None:
        self._counts["entries"] += 1
        part = line.transaction
        content = Entry(
            **{name: getattr(line, name) for name in Entry._fields if name != "facts"},
            facts=Facts(**{name: getattr(part, name) for name in Facts._fields}) if part else None,
        )
        self._walk.entry(StoredEntry(line.sequence, content, _bytes(line.hash)))
        if line.from_state == "":
            self._begin(line)
        else:
            self._change(line)

    def _begin(self, line: EntryLine) -> None:
        """An entry that begins a transaction: its postings balance and are of its amount."""
        part = line.transaction
        if part is None:
            self._fault("begins a transaction, and does not say which")
            return
        self._counts["transactions"] += 1
        self._counts["postings"] += len(line.legs)
        for says in transaction_misfits(line, part):
            self._fault(says)
        if part.state != line.to_state:
            self._changed[line.transaction_id] = (line.to_state, part.state)
        for account_id, direction, layer, amount, _ in line.legs:
            self._add(account_id, direction, layer, amount, releases=part.pending_id is not None)
            known = self._accounts.get(account_id)
            if known is None or known[1].currency != line.currency:
                self._fault(f"posts to account {account_id}, which is not there in {line.currency}")

    def _change(self, line: EntryLine) -> None:
        """An entry that brings a transaction into another state: it brings no postings."""
        told, state = self._changed.get(line.transaction_id, ("", line.to_state))
        if not told:
            self._fault(f"changes transaction {line.transaction_id}, which says that it never did")
        elif told != line.from_state:
            self._fault(f"leaves the state {line.from_state}, and {told} was told")
        self._changed[line.transaction_id] = (line.to_state, state)
        if line.legs:
            self._fault("brings postings, and begins no transaction")

    def _add(
        self, account_id: UUID, direction: str, layer: str, amount: int, *, releases: bool
    ) -> None:
        sums = self._sums.setdefault(account_id, [0, 0, 0, 0])
        if layer == "posted":
            sums[0 if direction == "debit" else 1] += amount
        elif releases:  # the other way round than the hold
            sums[2 if direction == "credit" else 3] -= amount
        else:
            sums[2 if direction == "debit" else 3] += amount

    def _take_seal(self, line: SealLine) -> None:
        self._counts["seals"] += 1
        self._head = line.digest
        self._walk.seal(
            Seal(
                number=line.number,
                previous=_bytes(line.previous),
                entries=line.entries,
                last_sequence=line.last_sequence,
                sealed_at=line.sealed_at,
                digest=_bytes(line.digest),
            )
        )

    def _take_trailer(self, trailer: Trailer) -> None:
        self._ended = True
        if trailer.lines != self._line - 1:
            self._fault(f"says {trailer.lines} lines, and {self._line - 1} came before")
        if trailer.sha256 != self._sha.hexdigest():
            self._fault("has another digest than the lines before give")

    def _check_accounts(self) -> None:
        balances: dict[str, Totals] = {}
        for number, account in self._accounts.values():
            totals = [
                account.debits_posted,
                account.credits_posted,
                account.debits_pending,
                account.credits_pending,
            ]
            sums = self._sums.get(account.id, [0, 0, 0, 0])
            if totals != sums:
                self._fault(
                    f"account {account.id} has totals {totals}, its postings {sums}", number
                )
            balance = balances.setdefault(account.currency, [0, 0])
            balance[0] += totals[0] - totals[1]
            balance[1] += totals[2] - totals[3]
        for currency, balance in sorted(balances.items()):
            if balance != [0, 0]:
                self._fault(f"{currency} is out of balance by {balance[0]}, held by {balance[1]}")

    def _chain_fault(self, fault: Fault) -> None:
        self._fault(
            f"seal {fault.seal} {fault.says}"
            if fault.seal is not None
            else f"entry {fault.entry} {fault.says}"
        )

    def _fault(self, says: str, line: int | None = None) -> None:
        self._on_fault(self._line if line is None else line, says)


def transaction_misfits(line: EntryLine, part: TransactionPart) -> Iterator[str]:
    """What does not fit in a transaction and its postings, in words."""
    sums: Counter[tuple[str, str]] = Counter()
    for _, direction, layer, amount, _ in line.legs:
        sums[layer, direction] += amount
    for layer in ("posted", "pending"):
        if sums[layer, "debit"] != sums[layer, "credit"]:
            yield f"debits and credits of its {layer} postings differ"
    moved = sums["posted", "debit"] or sums["pending", "debit"]
    if line.to_state == "rejected" and line.legs:
        yield "was refused and has postings"
    if line.to_state != "rejected" and moved != line.amount:
        yield f"is about {line.amount} and its postings about {moved}"
    if part.rejection_code != line.code:
        yield f"has the code {part.rejection_code or 'none'}, and {line.code or 'none'} was told"


def export_verify(
    lines: IO[bytes],
    *,
    on_fault: Callable[[int, str], None],
    on_lines: Callable[[int], Any] = lambda _: None,
) -> ExportCheck:
    """Check a file line by line. Raises `FileFault` where it cannot be followed any further."""
    check = ExportCheck(on_fault)
    for number, line in enumerate(lines, start=1):
        check.line(line)
        on_lines(number)
    check.end()
    return check


def main(arguments: list[str] | None = None) -> int:
    """Check the file that the arguments name, and print what is wrong."""
    parser = argparse.ArgumentParser(prog="verify_export", description=__doc__)
    parser.add_argument("file", type=Path, help="A file of `manage.py export_ledger`.")
    path = parser.parse_args(arguments).file
    faults: list[str] = []

    def on_fault(line: int, says: str) -> None:
        faults.append(says)
        if len(faults) <= _NAMED_MAX:
            sys.stdout.write(f"line {line}: {says}\n")

    try:
        with path.open("rb") as lines:
            check = export_verify(lines, on_fault=on_fault, on_lines=_progress)
    except FileFault as fault:
        sys.stdout.write(f"{fault}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        return 2
    if faults:
        sys.stdout.write(f"{len(faults)} faults\n")
        return 1
    sys.stdout.write(f"{check.entries} entries are right; the last seal is {check.head}\n")
    return 0


def _progress(lines: int) -> None:
    if lines % _PROGRESS_LINES == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{lines:,} lines")


def _bytes(digest: str) -> bytes:
    """What hexadecimal digits say; nothing, which fits no digest, when they are none."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
