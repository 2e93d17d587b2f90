"""What this service knows of how far the other one has come."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class PeerCursor(models.Model):
    """
    How far the other service had applied one of our streams when it was last asked.

    Apart from `outbox_stream`, whose row locks belong to web requests. `sequence` may go back:
    the other service's database may have been restored.
    """

    class Verdict(models.TextChoices):
        AGREES = "agrees", "Agrees"
        UNPUBLISHED = "unpublished", "Not published yet"
        YOUNG = "young", "On its way"
        UNREAD = "unread", "Not read yet"
        HELD = "held", "Behind a dead letter"
        REPEATED = "repeated", "Sent again"
        LOST = "lost", "Lost"
        FORKED = "forked", "Forked"

    stream = models.UUIDField(primary_key=True, editable=False)
    sequence = models.BigIntegerField()
    event_id = models.UUIDField(null=True, blank=True)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "peer_cursor"
        verbose_name = "cursor of the other service"
        verbose_name_plural = "cursors of the other service"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="peer_cursor_sequence_not_negative", condition=Q(sequence__gte=0)
            ),
        ]
        indexes: ClassVar = [
            # For the list of staff, and to count some of a verdict.
            models.Index(name="peer_cursor_by_verdict", fields=["verdict", "stream"]),
        ]

    def __str__(self) -> str:
        return f"{self.stream} at {self.sequence}: {self.verdict}"
