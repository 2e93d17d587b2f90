"""Housekeeping of the inbox."""

import structlog
from celery import shared_task
from django.utils import timezone

from common.inbox.lag import lag_sample
from common.kafka.broker import BrokerError

log = structlog.get_logger(__name__)


@shared_task(name="inbox.sample_lag")
def sample_lag() -> None:
    """Keep how far behind the consumer is; without an answer of Kafka there is a gap."""
    try:
        lag_sample(at=timezone.now())
    except BrokerError as error:
        log.warning("lag_not_sampled", reason=str(error))
