"""A made-up past as users has it: people, what they asked for, and what came of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from common.demo_history.history import History, steps_of
from common.demo_history.letters import broken_records
from common.demo_history.people import Person, people
from common.demo_history.scale import Scale
from common.demo_history.steps import Burst
from common.demo_history.writing import OtherPast, tried_again
from common.events.topics import SOURCE_BY_TOPIC, TRANSACTIONS_EVENTS
from common.inbox.past import broken_past_apply, cursors_past_begin
from common.outbox.models import OutboxStream
from common.outbox.past import outbox_past_copy, streams_past_begin
from users.identity.models import User
from users.identity.past import people_events, people_past_copy, suspension_events
from users.submissions.models import TransactionRequest
from users.submissions.past import commands_past_copy, requests_past_copy, step_events
from users.wiring import WIRING

_PEOPLE_AT_ONCE = 5_000
_STEPS_AT_ONCE = 2_000
"""On a busy machine, too, they are stored before the database gives a statement up."""


class UsersPast:
    """Writes the past in parts, each in a transaction; what is there already stays."""

    def __init__(self, scale: Scale, *, keep_from: datetime) -> None:
        """Events that are older than `keep_from` would have been pruned, and are not stored."""
        self._scale, self._keep_from = scale, keep_from
        self._people = people(scale)
        self._history = History(scale, self._people)

    def is_whole(self) -> bool:
        """
        Whether all of it was written before.

        Raises `OtherPast`: the same addresses are of people of another past.
        """
        treasury = self._people[0]
        if User.objects.filter(email=treasury.email).exclude(id=treasury.id).exists():
            raise OtherPast
        return OutboxStream.objects.filter(stream=treasury.id).exists()

    def write(self, *, on_steps: Callable[[int], None]) -> None:
        """Write everything, from where an earlier run was interrupted."""
        self._write_people()
        part: list[Burst] = []
        for burst in self._history.bursts():
            part.append(burst)
            if sum(len(one.steps) for one in part) >= _STEPS_AT_ONCE:
                on_steps(self._write_part(part))
                part = []
        on_steps(self._write_part(part))
        for _ in broken_past_apply(WIRING, self._letters()):
            pass
        self._finish()

    def _write_people(self) -> None:
        for chunk in self._chunks():
            self._write_chunk(chunk)

    @tried_again
    def _write_chunk(self, chunk: list[Person]) -> None:
        if User.objects.filter(id=chunk[0].id).exists():
            return
        with transaction.atomic(durable=True):
            people_past_copy(chunk)
            outbox_past_copy(
                people_events([p for p in chunk if p.registered_at >= self._keep_from])
            )

    @tried_again
    def _write_part(self, part: list[Burst]) -> int:
        requests, commands = [], []
        for burst in part:
            asked, told = steps_of(burst)
            requests += asked
            commands += told
        if not requests or TransactionRequest.objects.filter(id=requests[0].id).exists():
            return len(requests) + len(commands)
        kept = [step for one in part if one.at >= self._keep_from for step in one.steps]
        with transaction.atomic(durable=True):
            requests_past_copy(requests)
            commands_past_copy(commands)
            outbox_past_copy(step_events(kept))
        return len(requests) + len(commands)

    def _letters(self) -> Any:
        return broken_records(
            self._scale,
            topic=TRANSACTIONS_EVENTS,
            source=SOURCE_BY_TOPIC[TRANSACTIONS_EVENTS],
            event_type="transaction_posted.v1",
        )

    def _finish(self) -> None:
        """Let both sides agree on how far every stream has come; the treasury comes last."""
        heads = self._history.heads()
        for chunk in reversed(self._chunks()):
            if OutboxStream.objects.filter(stream=chunk[0].id).exists():
                continue
            sequences = {p.id: heads[p.id].sequence for p in chunk}
            with transaction.atomic(durable=True):
                outbox_past_copy(suspension_events(chunk, sequences))
                cursors_past_begin(
                    WIRING,
                    {
                        p.id: (heads[p.id].answered, heads[p.id].answer_id)
                        for p in chunk
                        if heads[p.id].answered
                    },
                )
                # A stream begins with its last event, so nobody acts before all of it is there.
                streams_past_begin(
                    {p.id: (heads[p.id].sequence, heads[p.id].event_id) for p in chunk},
                    accepting={p.id: p.status == "active" for p in chunk},
                )

    def _chunks(self) -> list[list[Person]]:
        return [
            self._people[begin : begin + _PEOPLE_AT_ONCE]
            for begin in range(0, len(self._people), _PEOPLE_AT_ONCE)
        ]
