"""What consuming would do: everything is really applied, and rolled back."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from django.db import transaction

from common.inbox.arrival import arrive
from common.inbox.batch import BatchReport
from common.inbox.conduct import Conduct
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxWaiting
from common.inbox.wiring import Wiring
from common.kafka.broker import Record

MESSAGES_MAX = 10_000
"""Records of one rehearsal, unless told otherwise: it is one transaction, and holds its locks."""

_ERRORS_SHOWN = 20


class Reading(Protocol):
    """Records that a group has not read yet; `ended` when there are no more."""

    @property
    def ended(self) -> bool: ...

    def poll(self, *, records_max: int, timeout_s: float) -> list[Record]: ...


class Rehearsal(NamedTuple):
    """How many records were read, what became of them, and why the first of them died."""

    read: int
    report: BatchReport
    errors: list[str]


def consume_rehearse(
    *,
    wiring: Wiring,
    reading: Reading,
    stop: threading.Event,
    batch_size: int,
    messages_max: int = MESSAGES_MAX,
    baseline: bool = False,
    on_batch: Callable[[BatchReport], None] = lambda _: None,
) -> Rehearsal:
    """
    Apply what there is to read in one transaction, roll it back, and say what it did.

    Consumers that meet the same streams wait meanwhile, and try again.
    """
    conduct = Conduct(durable=False, baseline=baseline)
    read, total = 0, BatchReport()
    with transaction.atomic(durable=True):
        known = _last_row()
        while not (reading.ended or stop.is_set() or read >= messages_max):
            room = min(batch_size, messages_max - read)
            records = reading.poll(records_max=room, timeout_s=1.0)
            now = datetime.now(UTC)
            arrivals = [arrive(record, consumed_at=now) for record in records]
            report = batch_isolate(wiring, arrivals, conduct=conduct)
            on_batch(report)
            total.add(report)
            read += len(records)
        errors = _errors(wiring, after=known)
        transaction.set_rollback(True)
    return Rehearsal(read, total, errors)


def _last_row() -> int:
    newest = InboxWaiting.objects.order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def _errors(wiring: Wiring, *, after: int) -> list[str]:
    rows = InboxWaiting.objects.filter(
        consumer=wiring.consumer, state=InboxWaiting.State.DEAD, id__gt=after
    ).order_by("id")[:_ERRORS_SHOWN]
    return [f"{row.topic}/{row.partition}@{row.offset}: {row.error}" for row in rows]
