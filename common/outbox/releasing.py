"""Staff let a stream be published again that the broker had refused."""

from uuid import UUID

from django.db import transaction

from common.outbox import publisher
from common.outbox.errors import NotParked
from common.outbox.models import OutboxStream


def stream_unpark(*, stream: UUID) -> str:
    """
    Let the publishers try a parked stream again, from its first event that waits.

    In the caller's transaction if there is one. If the broker refuses the event once more, the
    stream is parked again within seconds, so first mend what it was refused for. Returns why it was
    parked. Raises `NotParked`.
    """
    with transaction.atomic():
        parked = OutboxStream.objects.select_for_update(no_key=True).exclude(blocked_reason="")
        row = parked.filter(pk=stream).first()
        if row is None:
            raise NotParked(f"Stream {stream} is not parked.")
        reason: str = row.blocked_reason
        OutboxStream.objects.filter(pk=stream).update(blocked_reason="")
        transaction.on_commit(publisher.wake)
    return reason
