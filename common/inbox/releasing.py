"""Staff let a halted consumer, or a forked stream, go on."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from common.events.topics import SOURCE_BY_TOPIC
from common.inbox.batch import BatchReport
from common.inbox.conduct import PLAIN, Conduct
from common.inbox.cursors import cursors_lock, cursors_save
from common.inbox.errors import NotForked, NotHalted
from common.inbox.isolate import batch_isolate
from common.inbox.models import ConsumerHalt, DeadLetterAction
from common.inbox.resolving import action_record
from common.inbox.wiring import Wiring

_RESUMED = "resumed"
_UNFORKED = "unforked"


def consumer_resume(*, wiring: Wiring, actor: str, reason: str, let_through: int = 0) -> str:
    """
    End the halt of a consumer; its members notice within a second or two. Returns why it halted.

    In the caller's transaction if there is one: they notice when that commits. They count anew;
    `let_through` further letters of each process are not counted, for records that will never be
    anything but dead letters. Raises `NotHalted`.
    """
    with transaction.atomic():
        halt = (
            ConsumerHalt.objects.select_for_update()
            .filter(consumer=wiring.consumer, resumed_at__isnull=True)
            .first()
        )
        if halt is None:
            raise NotHalted
        ConsumerHalt.objects.filter(pk=halt.pk).update(
            resumed_at=Now(), resumed_by=actor, resume_reason=reason, let_through=let_through
        )
        action_record(
            wiring=wiring,
            action=DeadLetterAction.Action.RESUME,
            actor=actor,
            reason=reason,
            result=_RESUMED,
            outcome=f"halted because of {halt.reason}; {let_through} letters are let through",
        )
    return halt.reason


def stream_unfork(
    *, wiring: Wiring, stream: UUID, actor: str, reason: str, conduct: Conduct = PLAIN
) -> BatchReport:
    """
    Let a forked stream go on from its cursor, and apply what waits; what was applied of it.

    First make sure that its producer continues behind the cursor (`outbox_resume` there). In the
    caller's transaction where `conduct` says so. Raises `NotForked`.
    """
    consumer, source = wiring.consumer, SOURCE_BY_TOPIC[wiring.topic]
    with transaction.atomic(durable=conduct.durable):
        cursor = cursors_lock(consumer=consumer, source=source, streams=[stream])[stream]
        if not cursor.forked:
            raise NotForked(f"Stream {stream} is not forked.")
        cursor.forked = False
        cursors_save(consumer=consumer, source=source, cursors=[cursor])
        action_record(
            wiring=wiring,
            action=DeadLetterAction.Action.UNFORK,
            actor=actor,
            reason=reason,
            result=_UNFORKED,
            outcome=f"goes on behind {cursor.last_sequence}, {cursor.last_event_id}",
            stream=stream,
        )
    return batch_isolate(wiring, [], due=[stream], conduct=conduct)
