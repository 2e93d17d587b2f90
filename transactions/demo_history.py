"""The made-up past of users, as it comes to the ledger."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from common.demo_history.history import PARTITIONS, History
from common.demo_history.letters import broken_records
from common.demo_history.people import Person, people
from common.demo_history.scale import Scale
from common.demo_history.steps import (
    Burst,
    Request,
    Step,
    event_id,
    opened_id,
    outcome_id,
    request_id,
)
from common.demo_history.steps import Command as PlannedCommand
from common.demo_history.writing import tried_again
from common.events.topics import SOURCE_BY_TOPIC, USERS_EVENTS
from common.inbox.past import broken_past_apply, cursors_past_begin
from common.kafka.broker import Record
from common.outbox.past import PastEvent, outbox_past_copy, streams_past_begin
from transactions.ledger.engine import (
    AccountKey,
    Capture,
    Command,
    Create,
    Expire,
    Reverse,
    Source,
    Void,
)
from transactions.ledger.models import LedgerTransaction, UserReplica
from transactions.ledger.past import Recorded, ledger_past_apply
from transactions.ledger.seals import journal_seal
from transactions.ledger.services import user_replicas_save
from transactions.wiring import WIRING

_PEOPLE_AT_ONCE = 5000
_TRIP = timedelta(milliseconds=2)


class PastMisfit(Exception):
    """The ledger decided otherwise than the past was made up."""


class LedgerPast:
    """Writes the past burst by burst, each in a transaction; what is there already stays."""

    def __init__(self, scale: Scale, *, keep_from: datetime) -> None:
        """Events that are older than `keep_from` would have been pruned, and are not stored."""
        self._scale, self._keep_from = scale, keep_from
        self._people = people(scale)
        self._history = History(scale, self._people)
        self._told: Counter[UUID] = Counter()
        self._offsets: Counter[int] = Counter()

    def is_whole(self) -> bool:
        """Whether all of it was written before."""
        treasury = self._people[0].id
        return UserReplica.objects.filter(id=treasury, status="active").exists()

    def write(self, *, on_steps: Callable[[int], None]) -> None:
        """
        Write everything, from where an earlier run was interrupted.

        Raises `PastMisfit`; nothing of the burst is written then.
        """
        resuming = True
        for burst in self._history.bursts():
            resuming = resuming and self._is_written(burst)
            if not resuming:
                self._record(burst)
            self._count(burst)
            on_steps(len(burst.steps))
        for _ in broken_past_apply(WIRING, self._letters()):
            pass
        self._finish()
        journal_seal()

    def _is_written(self, burst: Burst) -> bool:
        return LedgerTransaction.objects.filter(id=burst.steps[0].id).exists()

    @tried_again
    @transaction.atomic(durable=True)
    def _record(self, burst: Burst) -> None:
        recorded = ledger_past_apply(
            commands=[_command_of(step) for step in burst.steps], at=burst.at
        )
        _check(burst, recorded)
        if burst.at >= self._keep_from:
            outbox_past_copy(self._events(burst, recorded))

    def _events(self, burst: Burst, recorded: Recorded) -> Iterator[PastEvent]:
        told, offsets = Counter[UUID](), Counter[int]()
        for event, told_as in zip(
            [*recorded.opened, *recorded.told], _ids_told(burst), strict=True
        ):
            told[event.stream] += 1
            partition = event.stream.int % PARTITIONS
            offsets[partition] += 1
            yield PastEvent(
                told_as,
                self._told[event.stream] + told[event.stream],
                event,
                burst.at + _TRIP,
                partition,
                self._offsets[partition] + offsets[partition],
            )

    def _count(self, burst: Burst) -> None:
        for stream in _streams_told(burst):
            self._told[stream] += 1
            self._offsets[stream.int % PARTITIONS] += 1

    def _letters(self) -> Iterator[list[Record]]:
        return broken_records(
            self._scale,
            topic=USERS_EVENTS,
            source=SOURCE_BY_TOPIC[USERS_EVENTS],
            event_type="transaction_created.v1",
        )

    def _finish(self) -> None:
        """Let both sides agree on how far every stream has come; the treasury comes last."""
        heads = self._history.heads()
        latest_first = self._people[::-1]
        for begin in range(0, len(latest_first), _PEOPLE_AT_ONCE):
            chunk = latest_first[begin : begin + _PEOPLE_AT_ONCE]
            with transaction.atomic(durable=True):
                user_replicas_save(statuses={person.id: person.status for person in chunk})
                cursors_past_begin(
                    WIRING,
                    {p.id: (heads[p.id].sequence, heads[p.id].event_id) for p in chunk},
                )
                streams_past_begin(
                    {
                        p.id: (heads[p.id].answered, heads[p.id].answer_id)
                        for p in chunk
                        if heads[p.id].answered
                    }
                )


def _check(burst: Burst, recorded: Recorded) -> None:
    for step, outcome in zip(burst.steps, recorded.outcomes, strict=True):
        code = step.code or ""
        if outcome.code != code:
            raise PastMisfit(f"{step.id}: {outcome.code or 'nothing'} instead of {code or 'none'}")
    if [event.stream for event in recorded.opened] != [one.owner.id for one in burst.opened]:
        raise PastMisfit(f"other wallets were opened at {burst.at}")


def _ids_told(burst: Burst) -> Iterator[UUID]:
    for opened in burst.opened:
        yield opened_id(opened.by.id, credit=opened.owner is not opened.by.owner)
    for step in burst.steps:
        yield outcome_id(step.id)


def _streams_told(burst: Burst) -> Iterator[UUID]:
    for opened in burst.opened:
        yield opened.owner.id
    for step in burst.steps:
        yield step.owner.id


def _command_of(step: Step) -> Command:
    if isinstance(step, Request):
        return _create_of(step)
    return _follow_up_of(step)


def _create_of(request: Request) -> Create:
    wallet = AccountKey.wallet(request.owner.id, request.currency)
    other = AccountKey.system("cash_clearing", request.currency)
    if request.counterparty:
        other = AccountKey.wallet(request.counterparty.id, request.currency)
    debit, credit = (other, wallet) if request.kind == "deposit" else (wallet, other)
    return Create(
        transaction_id=request.id,
        kind=request.kind,
        debit=debit,
        credit=credit,
        amount=request.amount,
        currency=request.currency,
        requested_by=request.asker.id,
        accepted_at=request.accepted_at,
        source=_source(request, request.asker),
        hold_expires_at=request.hold_expires_at,
        reference=request.reference,
    )


def _follow_up_of(command: PlannedCommand) -> Command:
    about: dict[str, Any] = {
        "command_id": command.id,
        "transaction_id": command.original.id,
        "accepted_at": command.accepted_at,
        "source": _source(command, command.asker),
    }
    if command.asker is None:
        return Expire(**about)
    about["requested_by"] = command.asker.id
    if command.type == "void":
        return Void(**about)
    kind = Capture if command.type == "capture" else Reverse
    return kind(**about, amount=command.amount)


def _source(step: Step, asker: Person | None) -> Source:
    return Source(
        event_id=event_id(step.id),
        stream=step.owner.id,
        sequence=step.place.sequence,
        partition=step.place.partition,
        offset=step.place.offset,
        published_at=min(step.accepted_at + _TRIP, step.decided_at),
        consumed_at=step.decided_at,
        actor=f"user:{asker.id}" if asker else "system:users",
        correlation_id=request_id(step.id),
        traceparent=None,
    )
