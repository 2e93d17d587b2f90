"""Both ends of a stream for tests: what we said of it, and what the other side made of it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from common.ids import uuid7
from common.inbox.models import InboxCursor, InboxWaiting
from common.kafka.places import GroupPlace
from common.outbox.append import outbox_append_many
from common.outbox.models import OutboxMessage
from tests.common.outbox.test_append import new_event
from tests.factories.events import NOON
from users.wiring import WIRING

PEER_SECRET = "of-both-directions-in-these-tests-only"
ALL_READ = {0: GroupPlace(resume=1_000, end=1_000)}
"""The group has read everything."""


def say(stream, count, *, published_s_ago=3600, offset=0):
    """Append events to a stream, as published so long ago (None: not yet); their ids in order."""
    with transaction.atomic():
        ids = outbox_append_many(events=[new_event(stream) for _ in range(count)])
    if published_s_ago is not None:
        ours = OutboxMessage.objects.filter(id__in=ids)
        at = Now() - timedelta(seconds=published_s_ago)
        ours.update(published_at=at, partition=0, offset=offset)
    return ids


def applied(stream, sequence, event_id=None, *, forked=False):
    """The other side has applied a stream up to a sequence, which was this event."""
    InboxCursor.objects.update_or_create(
        consumer=WIRING.consumer,
        source=settings.PEER["SOURCE"],
        stream=stream,
        defaults={
            "last_sequence": sequence,
            "last_event_id": event_id,
            "forked_at": NOON if forked else None,
        },
    )


def kept(stream, sequence, event_id, state="dead", error_class="poison"):
    """The other side keeps an event as a dead letter, or until its turn."""
    InboxWaiting.objects.create(
        consumer=WIRING.consumer,
        fingerprint=str(uuid7()),
        state=state,
        error_class=error_class if state == "dead" else "",
        source=settings.PEER["SOURCE"],
        stream=stream,
        sequence=sequence,
        event_id=event_id,
        topic="any",
        partition=0,
        offset=0,
        timestamp_ms=0,
        headers=b"[]",
        received_at=NOON,
    )


def unpublished(stream):
    """The sequences that will be sent, in order."""
    rows = OutboxMessage.objects.filter(stream=stream, published_at=None)
    return list(rows.order_by("sequence").values_list("sequence", flat=True))
