"""Housekeeping of reconciliation; every task may run twice or never without harm."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from common.internal.client import PeerAway
from common.kafka.broker import BrokerError
from common.reconciliation.prune import outbox_prune
from common.reconciliation.sweep import streams_reconcile

log = structlog.get_logger(__name__)

_ROWS_MAX = 1_000_000


@shared_task(name="reconciliation.reconcile_streams")
def reconcile_streams() -> None:
    """Send again what the other service has missed; without an answer nothing changes."""
    try:
        streams_reconcile()
    except (PeerAway, BrokerError) as error:
        log.warning("not_reconciled", reason=str(error), kind=type(error).__name__)


@shared_task(name="reconciliation.prune_outbox")
def prune_outbox() -> int:
    """Remove old events that the other service has applied; a million a day at most."""
    before = timezone.now() - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    removed = outbox_prune(before=before, rows_max=_ROWS_MAX)
    log.info("outbox_pruned", removed=removed)
    return removed
