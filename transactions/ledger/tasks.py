"""Housekeeping of the ledger; every task may run twice or never without harm."""

import secrets
from collections.abc import Iterator
from itertools import takewhile

from celery import shared_task

from common.internal.client import PeerAway
from transactions.ledger.chain import Fault, Seal
from transactions.ledger.checks import check_failed, check_passed, check_undone
from transactions.ledger.errors import SealingRefused
from transactions.ledger.kept_seals import kept_seals_of_peer
from transactions.ledger.models import LedgerCheckResult
from transactions.ledger.seals import journal_seal
from transactions.ledger.verify_chain import chain_length, chain_part_verify
from transactions.ledger.verify_ledger import Misfit, ledger_sample_verify

ACCOUNTS_SAMPLE = 200
TRANSACTIONS_SAMPLE = 500
SEALS_SAMPLE = 20
_SEALS_A_RUN = 100

_Check = LedgerCheckResult.Check


class BooksDiffer(Exception):
    """The books are not what they were or not what their postings say; the log names it all."""


@shared_task(name="ledger.seal_journal")
def seal_journal() -> int:
    """Seal what is in the journal by now; the next run goes on. Returns the number of seals."""
    try:
        made = journal_seal(seals_max=_SEALS_A_RUN)
    except SealingRefused as error:
        check_failed(_Check.SEALING, [error.detail])
        raise
    if made:
        check_passed(_Check.SEALING, f"{made} seals made")
    return made


@shared_task(name="ledger.check_chain")
def check_chain() -> int:
    """
    Follow the chain over its last seals and over some drawn by chance, beside those in users.

    Returns how many seals were compared with users. Raises `BooksDiffer` after naming the faults
    in the log, so that the failed task shows too.
    """
    length = chain_length()
    faults: list[str] = []
    compared = 0
    try:
        for first in sorted(
            {max(length - SEALS_SAMPLE + 1, 1), 1 + secrets.randbelow(length or 1)}
        ):
            last = min(first + SEALS_SAMPLE - 1, length)
            report = chain_part_verify(
                first=first,
                last=last,
                on_fault=lambda fault: faults.append(fault_line(fault)),
                kept=_kept(first, last),
            )
            compared += report.compared or 0
    except PeerAway as error:
        check_undone(_Check.CHAIN, str(error))
        return 0
    _conclude(_Check.CHAIN, faults, f"{compared} of {length} seals agree with users")
    return compared


@shared_task(name="ledger.check_ledger")
def check_ledger() -> int:
    """
    Compute some accounts and transactions again, drawn by chance, and the trial balance.

    Returns how many accounts there were. Raises `BooksDiffer` as `check_chain` does.
    """
    misfits: list[str] = []
    report = ledger_sample_verify(
        accounts=ACCOUNTS_SAMPLE,
        transactions=TRANSACTIONS_SAMPLE,
        on_misfit=lambda misfit: misfits.append(misfit_line(misfit)),
    )
    looked_at = f"{report.accounts} accounts and {report.transactions} transactions are right"
    _conclude(_Check.LEDGER, misfits, looked_at)
    return report.accounts


def fault_line(fault: Fault) -> str:
    """A fault in the chain as one line."""
    where = [
        f"{name} {number}"
        for name, number in (("seal", fault.seal), ("entry", fault.entry))
        if number is not None
    ]
    return " ".join([*where, fault.says])


def misfit_line(misfit: Misfit) -> str:
    """A misfit of the books as one line."""
    return f"{misfit.what} {misfit.about} {misfit.says}"


def _kept(first: int, last: int) -> Iterator[Seal]:
    """What users kept of a part of the chain."""
    return takewhile(lambda seal: seal.number <= last, kept_seals_of_peer(first=first))


def _conclude(check: LedgerCheckResult.Check, faults: list[str], passed: str) -> None:
    if not faults:
        check_passed(check, passed)
        return
    check_failed(check, faults)
    raise BooksDiffer(f"{check.label}: {len(faults)} faults")
