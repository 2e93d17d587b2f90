"""How far behind this service's consumer was in the last hours, a sample a minute."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from common.inbox.models import ConsumerLag
from common.inbox.wiring import Wiring
from common.kafka.groups import groups_describe

KEPT = timedelta(hours=24)
_SHOWN = 180


class LagSample(NamedTuple):
    """What Kafka said at a moment: records that were not committed, and members of the group."""

    at: datetime
    lag: int
    members: int


def lag_sample(*, at: datetime) -> LagSample:
    """
    Ask Kafka how far the consumer is, and keep the answer; what is over a day old goes.

    Raises `BrokerError` when there is no answer, and keeps nothing: a gap is no zero.
    """
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    (group,) = groups_describe({wiring.consumer: wiring.topic})
    sample = LagSample(at, group.lag, len(group.members))
    ConsumerLag.objects.create(consumer=wiring.consumer, **sample._asdict())
    ConsumerLag.objects.filter(consumer=wiring.consumer, at__lt=at - KEPT).delete()
    return sample


def lag_samples(*, consumer: str) -> list[LagSample]:
    """The newest samples, about three hours of them, in the order of time."""
    rows = ConsumerLag.objects.filter(consumer=consumer).order_by("-at", "-id")
    found = rows.values_list(*LagSample._fields)[:_SHOWN]
    return [LagSample(*row) for row in reversed(found)]
