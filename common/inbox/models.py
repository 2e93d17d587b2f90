"""Step 6 of the road: what the receiving side remembers of each stream."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Left, Now

ERROR_KIND_MAX = 200
"""Characters of an error by which its kind is told."""

_VARYING = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+"


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
        permissions: ClassVar = [("unfork_stream", "Can let forked streams go on")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="inbox_cursor_sequence_not_negative", condition=Q(last_sequence__gte=0)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="inbox_cursor_forked",
                fields=["consumer"],
                condition=Q(forked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} from {self.source} at {self.last_sequence}"


class InboxWaiting(models.Model):
    """
    A record that could not be applied: it waits for its turn, or is a dead letter.

    It keeps everything that Kafka gave, so that it can be applied later or shown as it was.
    `fingerprint` makes storing it again harmless. A row that was a dead letter once
    (`attempts` is not 0) stays for ever, as evidence: it was replayed, discarded by staff, or
    superseded by a valid event in its place.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DEAD = "dead", "Dead"
        SUPERSEDED = "superseded", "Superseded"
        REPLAYED = "replayed", "Replayed"
        DISCARDED = "discarded", "Discarded"

    class ErrorClass(models.TextChoices):
        NONE = "", "None"
        POISON = "poison", "Poison"
        BUG = "bug", "Bug"
        FORKED = "forked", "Forked"
        CONTESTED = "contested", "Contested"

    consumer = models.CharField(max_length=50)
    fingerprint = models.CharField(max_length=80)
    state = models.CharField(max_length=16, choices=State.choices)
    error_class = models.CharField(
        max_length=16, choices=ErrorClass.choices, blank=True, default=""
    )
    error = models.TextField(blank=True, default="")
    error_kind = models.GeneratedField(
        expression=Func(
            Left(F("error"), ERROR_KIND_MAX),
            Value(_VARYING),
            Value("#"),
            Value("g"),
            function="regexp_replace",
        ),
        output_field=models.CharField(max_length=ERROR_KIND_MAX),
        db_persist=True,
        help_text="The error without the ids and numbers in it: equal for letters of one cause.",
    )
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
            models.Index(
                name="inbox_waiting_causes",
                fields=["consumer", "error_class", "type", "error_kind", "-id"],
                condition=Q(state="dead"),
            ),
            # What became of an event that was a dead letter, for the timeline.
            models.Index(
                name="inbox_waiting_letters",
                fields=["event_id"],
                condition=Q(attempts__gt=0, event_id__isnull=False),
            ),
        ]
        permissions: ClassVar = [
            ("replay_deadletter", "Can replay dead letters"),
            ("discard_deadletter", "Can discard dead letters"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.type or 'record'} {self.topic}/{self.partition}@{self.offset}"


class DeadLetterAction(models.Model):
    """
    What somebody did about dead letters, forks and halts; written once, never changed.

    `letter` is None for what is about a stream or the whole consumer. `actor` is `staff:<name>`
    or `system:<login>`. `outcome` says in words what came of it, `result` in one.
    """

    class Action(models.TextChoices):
        REPLAY = "replay", "Replay"
        DISCARD = "discard", "Discard"
        RESUME = "resume", "Resume"
        UNFORK = "unfork", "Unfork"

    consumer = models.CharField(max_length=50)
    letter = models.ForeignKey(
        InboxWaiting, null=True, blank=True, on_delete=models.PROTECT, related_name="actions"
    )
    stream = models.UUIDField(null=True, blank=True)
    action = models.CharField(max_length=16, choices=Action.choices)
    actor = models.CharField(max_length=100)
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now())
    result = models.CharField(max_length=16)
    outcome = models.TextField()

    class Meta:
        db_table = "inbox_dead_letter_action"
        verbose_name = "dead letter action"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="dead_letter_action_known",
                condition=Q(action__in=["replay", "discard", "resume", "unfork"]),
            ),
            models.CheckConstraint(
                name="dead_letter_action_has_actor_and_reason",
                condition=~Q(actor="") & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}: {self.result}"


class ConsumerHalt(models.Model):
    """
    A consumer that stopped applying because too much failed; it is open until staff resume it.

    `let_through` is how many further letters each process bears before it counts again.
    """

    consumer = models.CharField(max_length=50)
    halted_at = models.DateTimeField(db_default=Now())
    reason = models.TextField()
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.CharField(max_length=100, blank=True, default="")
    resume_reason = models.TextField(blank=True, default="")
    let_through = models.IntegerField(default=0)

    class Meta:
        db_table = "consumer_halt"
        verbose_name = "consumer halt"
        permissions: ClassVar = [("resume_consumer", "Can resume a halted consumer")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="consumer_halt_open_once",
                fields=["consumer"],
                condition=Q(resumed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="consumer_halt_resumed_by_somebody_for_a_reason",
                condition=Q(resumed_at__isnull=True, resumed_by="", resume_reason="")
                | Q(resumed_at__isnull=False) & ~Q(resumed_by="") & ~Q(resume_reason=""),
            ),
            models.CheckConstraint(
                name="consumer_halt_let_through_not_negative", condition=Q(let_through__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} halted at {self.halted_at}"


class ConsumerLag(models.Model):
    """How far behind a consumer was at a moment, as Kafka said; kept for a day, for the trend."""

    consumer = models.CharField(max_length=50)
    at = models.DateTimeField()
    lag = models.BigIntegerField(help_text="Records that were not committed.")
    members = models.IntegerField()

    class Meta:
        db_table = "consumer_lag"
        verbose_name = "lag sample"
        default_permissions = ()
        indexes: ClassVar = [models.Index(name="consumer_lag_newest", fields=["consumer", "-at"])]

    def __str__(self) -> str:
        return f"{self.consumer} was {self.lag} behind at {self.at}"


class LetterRun(models.Model):
    """
    Dead letters that staff replay or discard together, one after the other, in steps.

    The letters are chosen once, in the order of their streams; `done` of them were tried. A step
    holds `claimed_until`, so that two windows do not work on one run at the same time: that would
    do no harm, but count twice. `key` is the form's, which makes one run however often it is sent.
    `counts` is by result, `troubles` the first letters that were not resolved: id, result, words.
    """

    class Act(models.TextChoices):
        REPLAY = "replay", "Replay"
        DISCARD = "discard", "Discard"
        RUBBISH = "rubbish", "Discard as rubbish"

    key = models.UUIDField(unique=True)
    consumer = models.CharField(max_length=50)
    act = models.CharField(max_length=16, choices=Act.choices)
    force = models.BooleanField(default=False, help_text="Also what failed too often before.")
    letter_ids = ArrayField(models.BigIntegerField())
    actor = models.CharField(max_length=100)
    actor_email = models.CharField(max_length=254)
    reason = models.TextField()
    begun_at = models.DateTimeField(db_default=Now())
    done = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    troubles = models.JSONField(default=list)
    claimed_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "inbox_letter_run"
        verbose_name = "replay or discard"
        verbose_name_plural = "replays and discards"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="letter_run_act_known", condition=Q(act__in=["replay", "discard", "rubbish"])
            ),
            models.CheckConstraint(
                name="letter_run_has_actor_and_reason", condition=~Q(actor="") & ~Q(reason="")
            ),
            models.CheckConstraint(
                name="letter_run_done_some",
                condition=Q(done__gte=0, done__lte=F("letter_ids__len")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {len(self.letter_ids)} letters"
