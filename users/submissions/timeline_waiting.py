"""What a transaction waits for that is still on its way, and what stands in its way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from common.inbox.models import InboxWaiting
from common.outbox.models import OutboxMessage, OutboxStream
from common.reconciliation.models import PeerCursor
from common.staff.timeline import Obstacle, Step
from common.staff.timeline_sources import obstacles_of
from users.submissions.models import TransactionCommand, TransactionRequest

_ALARMING: dict[str, str] = {
    PeerCursor.Verdict.HELD: "Blocked behind a dead letter in the ledger",
    PeerCursor.Verdict.LOST: "The ledger has lost events of this user's stream",
    PeerCursor.Verdict.FORKED: "The ledger knows another history of this user's stream",
}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """
    How far the stream of a waiting transaction is known to be.

    `ledger_at` is the last event of the stream that the ledger had applied when it was asked, at
    `ledger_seen_at`; None if it was never asked.
    """

    ledger_at: int | None = None
    ledger_seen_at: datetime | None = None
    obstacles: Sequence[Obstacle] = field(default_factory=list)

    def next_step(self, message: OutboxMessage | None, *, since: datetime) -> Step:
        """What is to come next for an event without an outcome; `since` it was accepted."""
        if message is None:
            return Step(
                title="Decided",
                at=since,
                says="Its event is not in the outbox any more, and no outcome has come.",
                awaited=True,
            )
        if message.published_at is None:
            says = "The publisher has not sent it to Kafka yet."
            return Step(title="Published", at=since, says=says, awaited=True)
        if self.ledger_at is not None and self.ledger_at >= (message.sequence or 0):
            says = "The ledger had applied it when it was asked; its outcome has not come yet."
            return Step(title="Announced", at=self.ledger_seen_at, says=says, awaited=True)
        says = "Published, and not known to be consumed yet."
        return Step(
            title="Consumed by the ledger", at=message.published_at, says=says, awaited=True
        )


def is_waiting(request: TransactionRequest, commands: Sequence[TransactionCommand]) -> bool:
    """Whether a request or a command waits for the ledger."""
    return request.status == TransactionRequest.Status.PENDING or any(
        command.status == TransactionCommand.Status.PENDING for command in commands
    )


def waiting_look(stream: UUID, stuck: Sequence[InboxWaiting]) -> Waiting:
    """Look how far a stream is; `stuck` of the outcomes that came for it could not be applied."""
    theirs = PeerCursor.objects.filter(pk=OuterRef("pk"))
    outbox: Any = (
        OutboxStream.objects.filter(pk=stream)
        .values("stream", "blocked_reason")
        .annotate(
            sequence=Subquery(theirs.values("sequence")),
            verdict=Subquery(theirs.values("verdict")),
            seen_at=Subquery(theirs.values("seen_at")),
        )
        .first()
    )
    if outbox is None:  # whoever has a transaction has a stream, unless it was lost
        return Waiting(obstacles=list(obstacles_of(stuck)))
    return Waiting(
        ledger_at=outbox["sequence"],
        ledger_seen_at=outbox["seen_at"],
        obstacles=[*_of_outbox(outbox), *_of_ledger(outbox), *obstacles_of(stuck)],
    )


def _of_outbox(outbox: dict[str, Any]) -> Iterator[Obstacle]:
    if outbox["blocked_reason"]:
        yield Obstacle(
            title="Kafka refuses an event of this user's stream",
            says=outbox["blocked_reason"],
            url=reverse("admin:outbox_outboxstream_change", args=[outbox["stream"]]),
        )


def _of_ledger(outbox: dict[str, Any]) -> Iterator[Obstacle]:
    """What the ledger's cursor said of itself when it was asked last."""
    if outbox["verdict"] in _ALARMING:
        yield Obstacle(
            title=_ALARMING[outbox["verdict"]],
            says=f"The ledger had applied {outbox['sequence']} events of the user's stream at"
            f" {outbox['seen_at']:%Y-%m-%d %H:%M:%S} UTC.",
            url=reverse("admin:reconciliation_peercursor_change", args=[outbox["stream"]]),
        )
