"""Housekeeping that may run twice, late or not at all."""

import structlog
from celery import shared_task

from users.submissions import expiries, proposals

log = structlog.get_logger(__name__)

_AT_ONCE = 200


@shared_task
def holds_expire() -> int:
    """Tell the ledger of every hold whose deadline is over, in small transactions."""
    total = 0
    while True:
        found = expiries.holds_expire(limit=_AT_ONCE)
        total += found
        if found < _AT_ONCE:
            break
    if total:
        log.info("holds_expired", holds=total)
    return total


@shared_task
def proposals_expire() -> int:
    """End the proposals that nobody decided on in time."""
    return proposals.proposals_expire()
