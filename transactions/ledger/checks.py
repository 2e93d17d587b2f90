"""What the scheduled checks of the books found: in the log always, the last one in a table."""

from collections.abc import Sequence

import structlog
from django.db.models.functions import Now

from transactions.ledger.models import LedgerCheckResult

log = structlog.get_logger(__name__)

_DETAILS_MAX = 20


def check_passed(check: LedgerCheckResult.Check, details: str) -> None:
    """Remember that a check found nothing; `details` says what it looked at."""
    log.info("ledger_check_passed", check=check.value, details=details)
    _remember(check, ok=True, details=details)


def check_failed(check: LedgerCheckResult.Check, faults: Sequence[str]) -> None:
    """Raise the alarm in the log, and remember the first faults."""
    log.critical("ledger_check_failed", check=check.value, faults=list(faults))
    _remember(check, ok=False, details="\n".join(faults[:_DETAILS_MAX]))


def check_undone(check: LedgerCheckResult.Check, reason: str) -> None:
    """Say that a check could not be done; what the one before found stays."""
    log.warning("ledger_check_undone", check=check.value, reason=reason)


def _remember(check: LedgerCheckResult.Check, *, ok: bool, details: str) -> None:
    LedgerCheckResult.objects.update_or_create(
        name=check, defaults={"at": Now(), "ok": ok, "details": details}
    )
