"""
The whole road of a transaction, as the users service knows it.

What it did itself stands in its rows and its outbox; what the ledger did, and when, every outcome
has told (`OutcomeRoad`). Nobody is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from common.outbox.models import OutboxMessage
from common.staff.timeline import Chapter, Fact, Step, Timeline, published_facts
from common.staff.timeline_sources import (
    InboxRows,
    events_about,
    inbox_about,
    letter_steps,
    raw_of_inbox,
    raw_of_outbox,
    staff_chapter,
)
from users.submissions.models import (
    OutcomeRoad,
    StaffOutcome,
    TransactionCommand,
    TransactionRequest,
)
from users.submissions.timeline_summary import summary_of_command, summary_of_request
from users.submissions.timeline_verdicts import (
    Verdict,
    verdict_of_command,
    verdict_of_request,
    verdict_of_staff,
)
from users.submissions.timeline_waiting import Waiting, is_waiting, waiting_look

COMMANDS_MAX = 20
"""Commands that a page shows, and as many of staff's; of more, the latest."""

Row = TransactionRequest | TransactionCommand


def timeline_of_request(request: TransactionRequest) -> Timeline:
    """The road of a request, of its commands, and of what staff did with it in the ledger."""
    commands = request.commands.select_related("requested_by").order_by("-id")
    staff = request.staff_outcomes.order_by("-command_id")
    return _timeline(request, _some(commands), _some(staff))


def timeline_of_command(command: TransactionCommand) -> Timeline:
    """The road of one command."""
    whole = _timeline(command.transaction, [command], [])
    return replace(whole, summary=summary_of_command(command), chapters=whole.chapters[1:])


def _some(rows: Any) -> list[Any]:
    """One more than is shown, which tells that there are more; the latest, in order."""
    return list(reversed(rows[: COMMANDS_MAX + 1]))


def _timeline(
    request: TransactionRequest,
    commands: Sequence[TransactionCommand],
    staff: Sequence[StaffOutcome],
) -> Timeline:
    messages = events_about(request.pk)
    left_out = len(commands) > COMMANDS_MAX or len(staff) > COMMANDS_MAX
    commands, staff = commands[-COMMANDS_MAX:], staff[-COMMANDS_MAX:]
    rows = [request, *commands, *staff]
    waits = is_waiting(request, commands)
    inbox = inbox_about(
        stream=request.user_id if waits else None,
        event_ids=[row.outcome_event_id for row in rows if row.outcome_event_id],
    )
    waiting = waiting_look(request.user_id, inbox.stuck) if waits else None
    roads = _Roads(messages, inbox, waiting)
    later = [
        *(roads.of_command(command) for command in commands),
        *(roads.of_staff(outcome) for outcome in staff),
    ]
    return Timeline(
        summary=summary_of_request(request),
        chapters=[
            roads.of_request(request),
            *sorted(later, key=_begun_at),
            *staff_chapter(request.pk),
        ],
        obstacles=waiting.obstacles if waiting else [],
        events=[*raw_of_outbox(messages), *raw_of_inbox(inbox)],
        left_out=left_out,
    )


def _begun_at(chapter: Chapter) -> float:
    return chapter.begun_at.timestamp() if chapter.begun_at else 0.0


class _Roads:
    """Tells the chapters of one transaction from what was read of it."""

    def __init__(
        self,
        messages: Sequence[OutboxMessage],
        inbox: InboxRows,
        waiting: Waiting | None,
    ) -> None:
        self._messages = messages
        self._inbox = inbox
        self._waiting = waiting

    def of_request(self, request: TransactionRequest) -> Chapter:
        """From accepted to settled."""
        verdict = verdict_of_request(request)
        return Chapter(
            title="Request",
            facts=[Fact.of_id("Transaction", request.pk)],
            steps=[
                Step(
                    title="Accepted",
                    at=request.accepted_at,
                    says="The API answered 202.",
                    facts=list(_asked(request)),
                ),
                *self._road(request, verdict),
                *_hold_step(request, verdict),
            ],
        )

    def of_command(self, command: TransactionCommand) -> Chapter:
        """From requested to applied or refused."""
        return Chapter(
            title=command.get_type_display(),
            facts=[
                Fact.of_id(
                    "Command",
                    command.pk,
                    url=reverse("admin:submissions_transactioncommand_change", args=[command.pk]),
                )
            ],
            steps=[
                Step(
                    title="Due" if command.requested_by is None else "Requested",
                    at=command.accepted_at,
                    says=command.reason or "",
                    facts=list(_asked(command)),
                ),
                *self._road(command, verdict_of_command(command)),
            ],
        )

    def of_staff(self, outcome: StaffOutcome) -> Chapter:
        """From what the ledger decided on: what was before that happened in its console."""
        return Chapter(
            title=f"{outcome.type.capitalize() or 'Command'} in the ledger",
            facts=[Fact.of_id("Command", outcome.pk), Fact("By", outcome.actor)],
            steps=list(self._outcome(outcome, verdict_of_staff(outcome))),
        )

    def _road(self, row: Row, verdict: Verdict | None) -> Iterator[Step]:
        message = self._message_of(row)
        yield _stored_step(row, message)
        if verdict is None:
            # Nothing came back yet, so what is known of the event is in the outbox.
            if message is not None and message.published_at is not None:
                yield _published_step(message)
            if self._waiting is not None:
                yield self._waiting.next_step(message, since=row.accepted_at)
            return
        yield Step(
            title="Published",
            at=row.cause_published_at or (message.published_at if message else None),
            facts=list(
                published_facts(
                    event_id=None,
                    partition=row.cause_partition,
                    offset=row.cause_offset,
                )
            ),
        )
        yield Step(title="Consumed by the ledger", at=row.cause_consumed_at)
        yield from self._outcome(row, verdict)

    def _outcome(self, row: OutcomeRoad, verdict: Verdict) -> Iterator[Step]:
        yield Step(
            title="Decided",
            at=row.decided_at or getattr(row, "settled_at", None),
            says=verdict.says,
            word=verdict.word,
            tone=verdict.tone,
        )
        yield Step(
            title="Announced",
            at=row.outcome_published_at,
            says="The ledger's event with the outcome is in Kafka.",
            facts=list(
                published_facts(
                    event_id=row.outcome_event_id,
                    partition=row.outcome_partition,
                    offset=row.outcome_offset,
                )
            ),
        )
        yield from letter_steps(self._inbox.letters, row.outcome_event_id)
        yield Step(
            title="Settled",
            at=row.outcome_consumed_at,
            says="This service read the outcome and told those who wait for it.",
            tone="success",
        )

    def _message_of(self, row: Row) -> OutboxMessage | None:
        """The event of a row, while the outbox keeps it: commands are told by their id in it."""
        created = isinstance(row, TransactionRequest)
        needle = str(row.pk).encode()
        found = (
            message
            for message in self._messages
            if message.type.startswith("transaction_created") is created
            and needle in bytes(message.data or b"")
        )
        return next(found, None)


def _asked(row: Row) -> Iterator[Fact]:
    """Who asked, and by which ids the request is found in logs and traces."""
    if row.requested_by is not None:
        person: UUID = row.requested_by.pk
        url = reverse("admin:identity_user_change", args=[person])
        yield Fact("By", str(row.requested_by), url)
    else:
        yield Fact("By", "the sweep of holds")
    yield Fact.of_id("Request", row.request_id)
    if row.idempotency_key is not None:
        yield Fact.of_id("Idempotency key", row.idempotency_key)
    if row.traceparent is not None:
        yield Fact.of_id("Trace", row.traceparent)


def _stored_step(row: Row, message: OutboxMessage | None) -> Step:
    facts = list(
        published_facts(
            event_id=row.cause_event_id or (message.id if message else None),
            partition=None,
            offset=None,
        )
    )
    if message is not None:
        facts.append(Fact("Number in the user's stream", str(message.sequence)))
    return Step(
        title="Stored",
        at=message.occurred_at if message else row.accepted_at,
        says="The row and its event were committed together.",
        facts=facts,
    )


def _published_step(message: OutboxMessage) -> Step:
    return Step(
        title="Published",
        at=message.published_at,
        facts=list(
            published_facts(event_id=None, partition=message.partition, offset=message.offset)
        ),
    )


def _hold_step(request: TransactionRequest, verdict: Verdict | None) -> Iterator[Step]:
    """What an open hold waits for."""
    if verdict is not None and request.status == TransactionRequest.Status.AUTHORISED:
        until: datetime | None = request.hold_expires_at
        yield Step(
            title="Captured, voided or expired",
            at=request.decided_at,
            says="" if until is None else f"The hold ends at {until:%Y-%m-%d %H:%M:%S} UTC.",
            awaited=True,
        )
