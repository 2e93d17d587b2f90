"""Step 6 of the road: what the receiving side remembers of each stream."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class InboxCursor(models.Model):
    """
    How far one consumer has applied one stream of one source.

    The row is locked by the transaction that applies events, so it decides both duplicates
    and order. Only an applied event, or staff who discard one, moves it.
    """

    pk = models.CompositePrimaryKey("consumer", "source", "stream")
    consumer = models.CharField(max_length=50)
    source = models.CharField(max_length=50)
    stream = models.UUIDField()
    last_sequence = models.BigIntegerField(default=0)
    last_event_id = models.UUIDField(null=True, blank=True)
    forked_at = models.DateTimeField(
        null=True, blank=True, help_text="When a second event claimed an applied sequence."
    )

    class Meta:
        db_table = "inbox_cursor"
        verbose_name = "stream cursor"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="inbox_cursor_sequence_not_negative", condition=Q(last_sequence__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} from {self.source} at {self.last_sequence}"


class InboxWaiting(models.Model):
    """
    A record that could not be applied: it waits for its turn, or is a dead letter.

    It keeps everything that Kafka gave, so that it can be applied later or shown as it was.
    `fingerprint` makes storing it again harmless.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DEAD = "dead", "Dead"
        SUPERSEDED = "superseded", "Superseded"

    class ErrorClass(models.TextChoices):
        NONE = "", "None"
        POISON = "poison", "Poison"
        BUG = "bug", "Bug"
        FORKED = "forked", "Forked"

    consumer = models.CharField(max_length=50)
    fingerprint = models.CharField(max_length=80)
    state = models.CharField(max_length=16, choices=State.choices)
    error_class = models.CharField(
        max_length=16, choices=ErrorClass.choices, blank=True, default=""
    )
    error = models.TextField(blank=True, default="")
    attempts = models.IntegerField(default=0)
    source = models.CharField(max_length=50)
    stream = models.UUIDField(null=True, blank=True)
    sequence = models.BigIntegerField(null=True, blank=True)
    event_id = models.UUIDField(null=True, blank=True)
    type = models.CharField(max_length=100, blank=True, default="")
    topic = models.CharField(max_length=100)
    partition = models.IntegerField()
    offset = models.BigIntegerField()
    timestamp_ms = models.BigIntegerField(help_text="Kafka's timestamp, in milliseconds.")
    key = models.BinaryField(null=True, blank=True)
    value = models.BinaryField(null=True, blank=True)
    headers = models.BinaryField(help_text="JSON: a list of [name, value in base64].")
    received_at = models.DateTimeField()

    class Meta:
        db_table = "inbox_waiting"
        verbose_name = "waiting or dead event"
        verbose_name_plural = "waiting and dead events"
        constraints: ClassVar = [
            models.UniqueConstraint(name="inbox_waiting_once", fields=["consumer", "fingerprint"]),
        ]
        indexes: ClassVar = [
            models.Index(
                name="inbox_waiting_by_stream",
                fields=["consumer", "stream", "sequence"],
                condition=Q(state__in=["waiting", "dead"]),
            ),
            models.Index(name="inbox_waiting_dead", fields=["-id"], condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.type or 'record'} {self.topic}/{self.partition}@{self.offset}"
