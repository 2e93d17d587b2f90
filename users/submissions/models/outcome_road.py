"""Where an event and the outcome that it led to have been, and when."""

from django.db import models


class OutcomeRoad(models.Model):
    """
    The road of the event that asked for something, and of the outcome that came back.

    For the timeline alone. The outcome told all of it, so it is known after both events have left
    the outboxes. Empty as long as there is no outcome, and where one came before this was kept.
    """

    cause_event_id = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The event that asked."
    )
    cause_partition = models.IntegerField(null=True, blank=True, editable=False)
    cause_offset = models.BigIntegerField(null=True, blank=True, editable=False)
    cause_published_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Kafka's timestamp."
    )
    cause_consumed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the ledger read it."
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome_event_id = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The event that told the outcome."
    )
    outcome_partition = models.IntegerField(null=True, blank=True, editable=False)
    outcome_offset = models.BigIntegerField(null=True, blank=True, editable=False)
    outcome_published_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Kafka's timestamp."
    )
    outcome_consumed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When this service read it."
    )

    class Meta:
        abstract = True
