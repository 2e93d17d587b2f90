"""Housekeeping of the ledger; every task may run twice or never without harm."""

import structlog
from celery import shared_task

from transactions.ledger import selectors

SAMPLE = 200

log = structlog.get_logger(__name__)


class BalancesDiffer(Exception):
    """Totals of accounts are not the sums of their postings; the log names them."""


@shared_task(name="ledger.balances_check")
def balances_check() -> int:
    """
    Compare the totals of some accounts, drawn by chance, with the sums of their postings.

    Returns how many were compared. Raises `BalancesDiffer` after naming the accounts in the
    log, so that the failed task shows too.
    """
    compared, differing = selectors.balances_compare(sample=SAMPLE)
    if differing:
        log.critical("balances_differ", accounts=[str(account_id) for account_id in differing])
        raise BalancesDiffer(f"{len(differing)} of {compared} accounts")
    log.info("balances_agree", accounts=compared)
    return compared
