"""Step 1 of the road: the outbox rows that the caller's transaction writes."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from common.events.contracts import (
    TransactionAuthorisedV1,
    TransactionCreatedV1,
    TransactionPostedV1,
    TransactionRejectedV1,
)
from common.ids import uuid7

COMMON_TYPES = [
    TransactionAuthorisedV1.TYPE,
    TransactionCreatedV1.TYPE,
    TransactionPostedV1.TYPE,
    TransactionRejectedV1.TYPE,
]
"""What is told of most requests."""


class OutboxStream(models.Model):
    """
    The counter of one stream's events; its row lock orders everything the stream says.

    `accepting` and the counter stand in one row on purpose: READ COMMITTED re-checks only the
    row that an UPDATE locks, so a flag anywhere else could be stale.
    """

    stream = models.UUIDField(primary_key=True, editable=False, help_text="The user it is about.")
    last_sequence = models.BigIntegerField(default=0)
    last_event_id = models.UUIDField(null=True, blank=True)
    accepting = models.BooleanField(default=True, help_text="Whether new requests are taken.")
    blocked_reason = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Why the broker refused an event of this stream for good; empty if it did not.",
    )

    class Meta:
        db_table = "outbox_stream"
        verbose_name = "stream"
        permissions: ClassVar = [("unpark_stream", "Can let parked streams be published again")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="outbox_stream_sequence_not_negative", condition=Q(last_sequence__gte=0)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="outbox_stream_blocked",
                fields=["stream"],
                condition=~Q(blocked_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} at {self.last_sequence}"

    @property
    def is_parked(self) -> bool:
        """Whether nothing of it is published because the broker refused an event for good."""
        return bool(self.blocked_reason)


class OutboxMessage(models.Model):
    """
    One message as it is sent; unpublished while `published_at` is empty.

    An event has a stream, a sequence and data; its headers are made of the other columns. A
    letter (see `letters.py`) is outside of every stream and brings its own key and headers.
    `position` is drawn after the stream's lock is held, so a stream's events ascend by it.
    It is never used as a cursor: transactions commit in another order than they draw it.
    """

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid7, editable=False, help_text="The ce_id.")
    topic = models.CharField(max_length=100)
    stream = models.UUIDField(null=True, blank=True)
    sequence = models.BigIntegerField(null=True, blank=True)
    type = models.CharField(max_length=100)
    subject = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=100)
    causation_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  absent in the header too
    actor = models.CharField(max_length=100)
    traceparent = models.CharField(max_length=55, null=True, blank=True)  # noqa: DJ001  absent in the header too
    data = models.BinaryField(
        null=True, blank=True, help_text="The bytes, exactly as they are sent; JSON for an event."
    )
    key = models.BinaryField(null=True, blank=True, help_text="A letter's key.")
    headers = models.BinaryField(
        null=True, blank=True, help_text="A letter's headers: JSON, [name, value in base64]."
    )
    published_at = models.DateTimeField(null=True, blank=True)
    partition = models.IntegerField(null=True, blank=True)
    offset = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "outbox_message"
        verbose_name = "outbox message"
        permissions: ClassVar = [("read_topics", "Can read what is in the topics")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="outbox_message_once_per_sequence", fields=["stream", "sequence"]
            ),
            models.CheckConstraint(
                name="outbox_message_sequence_positive", condition=Q(sequence__gte=1)
            ),
            models.CheckConstraint(
                name="outbox_message_event_or_letter",
                condition=Q(
                    stream__isnull=False,
                    sequence__isnull=False,
                    data__isnull=False,
                    key__isnull=True,
                    headers__isnull=True,
                )
                | Q(stream__isnull=True, sequence__isnull=True, headers__isnull=False),
            ),
        ]
        # Note [Few trees]: publishing changes a column that an index depends on, so every row
        # enters every B-tree once more. Ids and subjects ascend roughly with time and are looked
        # up rarely, by people; block ranges find them at a fraction of the price.
        indexes: ClassVar = [
            models.Index(
                name="outbox_message_unpublished",
                fields=["position"],
                condition=Q(published_at__isnull=True),
            ),
            BrinIndex(
                name="outbox_message_by_id",
                fields=["id"],
                opclasses=["uuid_minmax_multi_ops"],
                pages_per_range=32,
                autosummarize=True,
            ),
            BrinIndex(
                name="outbox_message_by_subject",
                fields=["subject"],
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
                autosummarize=True,
            ),
            BrinIndex(
                name="outbox_message_by_correlation",
                fields=["correlation_id"],
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
                autosummarize=True,
            ),
            BrinIndex(
                name="outbox_message_by_type",
                fields=["type"],
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
                autosummarize=True,
            ),
            # What is rare may be far back, where no walk from the newest row finds it in time.
            # What is common is found at once, and would enter this tree with every request.
            models.Index(
                name="outbox_message_of_rare_type",
                fields=["type", "position"],
                condition=~Q(type__in=COMMON_TYPES),
            ),
        ]

    def __str__(self) -> str:
        if self.stream is None:
            return f"{self.type} to {self.topic}"
        return f"{self.type} {self.sequence} of {self.stream}"
