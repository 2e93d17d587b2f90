"""The past itself, burst by burst: who asks for what, and what comes of it."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from common.demo_history.people import Person, id_at
from common.demo_history.purses import Purses
from common.demo_history.scale import DAYS, Scale
from common.demo_history.steps import (
    Burst,
    Command,
    Heads,
    Opened,
    Place,
    Request,
    Step,
    event_id,
    opened_id,
    outcome_id,
    suspended_id,
)
from common.money import EXPONENTS

PARTITIONS = 12

_SHARES = {"deposit": 0.15, "refused": 0.19, "withdrawal": 0.40, "transfer": 0.94, "hold": 1.0}
"""The kinds of requests, each up to its bound."""

_FATES = {"capture": 0.6, "part": 0.75, "void": 0.9, "expiry": 1.0}
_REVERSED_SHARE = 0.03
_TOO_MUCH_SHARE = 0.05
_WHOLE_SHARE = 0.5
_REFERENCE_SHARE = 0.3

_HOLD_S = 7 * 24 * 3600
_COMMAND_WITHIN = timedelta(days=3)
_LAG_MEAN_S, _LAG_MIN_S, _LAG_MAX_S = 0.06, 0.004, 4.0
_MIDDAY = 0.7

_TEXTS = ("Lunch", "Rent", "Groceries", "Concert tickets", "Invoice", "Books", "Train", None, None)
_CHANNELS = ("web", "mobile", "partner")


class History:
    """
    Yields the past once, by `bursts`; afterwards `heads` has the ends of all streams.

    Every number is drawn from the scale, so both services tell the same. What the ledger must
    answer follows from what everybody has, by the same rules: the ledger is asked all the same.
    """

    def __init__(self, scale: Scale, people: list[Person]) -> None:
        self._scale, self._people = scale, people
        self._registered = [person.registered_at for person in people]
        self._random = Random(f"history/{scale}")  # noqa: S311  made up, not secret
        self._purses = Purses()
        self._sequences = [1] * len(people)  # everybody's stream begins with their registration
        self._last = [event_id(person.id) for person in people]
        self._answered = [0] * len(people)
        self._answers: list[UUID | None] = [None] * len(people)
        self._offsets = [0] * PARTITIONS
        self._wallets: set[tuple[int, str]] = set()
        self._due: defaultdict[int, list[Command]] = defaultdict(list)
        self._made = 0

    def bursts(self) -> Iterator[Burst]:
        """Every burst, in the order of time."""
        for number in range(self._scale.bursts):
            yield self._burst(number)

    def heads(self) -> dict[UUID, Heads]:
        """How far the streams have come, by person; whole once all bursts were taken."""
        return {
            person.id: Heads(
                self._sequences[number] + (person.suspended_at is not None),
                suspended_id(person.id) if person.suspended_at else self._last[number],
                self._answered[number],
                self._answers[number],
            )
            for number, person in enumerate(self._people)
        }

    def _burst(self, number: int) -> Burst:
        burst = Burst(_time_of(number, self._scale))
        size = min(self._scale.burst_size, self._scale.transactions - self._made)
        commands = self._due.pop(number, [])
        lags = sorted((self._lag() for _ in range(size + len(commands))), reverse=True)
        for command, lag in zip(commands, lags, strict=False):
            self._carry_out(command, burst, burst.at - lag)
        for lag in lags[len(commands) :]:
            request = self._request(number, burst.at - lag, burst.at)
            burst.steps.append(request)
            self._open(request, burst)
        for opened in burst.opened:
            self._answer(
                opened.owner,
                opened_id(opened.by.id, credit=opened.owner is not opened.by.owner),
            )
        for step in burst.steps:
            self._answer(step.owner, outcome_id(step.id))
        return burst

    def _lag(self) -> timedelta:
        lag = self._random.expovariate(1 / _LAG_MEAN_S)
        return timedelta(seconds=min(max(lag, _LAG_MIN_S), _LAG_MAX_S))

    def _request(self, burst: int, accepted_at: datetime, decided_at: datetime) -> Request:
        self._made += 1
        random = self._random
        owner = self._somebody(accepted_at)
        currency = owner.currency
        amount = _amount(currency, random)
        spendable = self._purses.spendable(owner, currency)
        drawn = random.random()
        kind = next(name for name, bound in _SHARES.items() if drawn < bound)
        if kind != "deposit" and spendable < amount // 10 + 1:
            kind = "deposit"
        wanted = amount * 5 if kind == "deposit" else min(amount, spendable)
        if kind == "refused":
            wanted = self._purses.available(owner, currency) + amount
        other = self._other(owner, accepted_at) if self._is_transfer(kind, burst) else None
        request = Request(
            id=id_at(accepted_at, random),
            owner=owner,
            asker=self._people[0] if kind == "deposit" else owner,
            kind="deposit" if kind == "deposit" else "transfer" if other else "withdrawal",
            counterparty=other,
            amount=wanted,
            currency=currency,
            accepted_at=accepted_at,
            decided_at=decided_at,
            place=self._place(owner),
            reference=f"INV-{self._made:07d}" if random.random() < _REFERENCE_SHARE else None,
            description=random.choice(_TEXTS),
            metadata={"channel": random.choice(_CHANNELS)},
            state="posted",
        )
        self._last[owner.number] = event_id(request.id)
        self._decide(request, kind, burst)
        return request

    def _is_transfer(self, kind: str, burst: int) -> bool:
        return kind in ("transfer", "hold") or (kind == "refused" and burst % 2 == 0)

    def _decide(self, request: Request, kind: str, burst: int) -> None:
        if kind == "refused":
            request.state = request.status = "rejected"
            request.code, request.settled_at = "insufficient_funds", request.decided_at
        elif kind == "hold":
            self._hold(request, burst)
        else:
            request.status, request.captured = "posted", request.amount
            request.settled_at = request.decided_at
            self._move(request, burst)

    def _move(self, request: Request, burst: int) -> None:
        """Move the money now; some receivers will give it back."""
        owner, currency, amount = request.owner, request.currency, request.amount
        if request.kind == "deposit":
            self._purses.give(owner, currency, amount)
            return
        self._purses.take(owner, currency, amount)
        if request.counterparty is None:
            return
        back = 0
        if self._random.random() < _REVERSED_SHARE and (due := self._later(burst)):
            back = amount if self._random.random() < _WHOLE_SHARE else max(1, amount // 3)
            self._plan(due, request, "reverse", request.counterparty, back, back)
            request.reversed = back
            request.status = "reversed" if back == amount else "partially_reversed"
        self._purses.give(request.counterparty, currency, amount, keep=back)

    def _hold(self, request: Request, burst: int) -> None:
        request.state = request.status = "authorised"
        request.hold_expires_in_s = _HOLD_S
        self._purses.take(request.owner, request.currency, request.amount)
        due = self._later(burst)
        if due is None:
            return
        drawn = self._random.random()
        fate = next(name for name, bound in _FATES.items() if drawn < bound)
        request.settled_at = _time_of(due, self._scale)
        if fate != "expiry" and self._random.random() < _TOO_MUCH_SHARE:
            self._plan(
                due, request, "capture", request.owner, request.amount + 1, None, "exceeds_hold"
            )
        if fate in ("capture", "part"):
            part = max(1, request.amount // 2) if fate == "part" else request.amount
            request.status, request.captured = "posted", part
            self._plan(
                due, request, "capture", request.owner, part if fate == "part" else None, part
            )
        elif fate == "void":
            request.status = "voided"
            self._plan(due, request, "void", request.owner, None, request.amount)
        else:
            request.status = "expired"
            left = request.settled_at - request.accepted_at - timedelta(seconds=_LAG_MAX_S + 1)
            request.hold_expires_in_s = max(60, int(left.total_seconds()))
            self._plan(due, request, "expiry", None, None, request.amount)

    def _plan(
        self,
        due: int,
        request: Request,
        kind: str,
        asker: Person | None,
        amount: int | None,
        applied: int | None,
        code: str | None = None,
    ) -> None:
        at = _time_of(due, self._scale)
        self._due[due].append(
            Command(
                id=id_at(at, self._random),
                original=request,
                type=kind,  # type: ignore[arg-type]  # one of four words
                asker=asker,
                amount=amount,
                applied=applied,
                code=code,
                accepted_at=at,
                decided_at=at,
                place=Place(0, 0, 0),
            )
        )

    def _carry_out(self, command: Command, burst: Burst, accepted_at: datetime) -> None:
        original = command.original
        command.accepted_at = accepted_at
        command.place = self._place(command.owner)
        self._last[command.owner.number] = event_id(command.id)
        burst.steps.append(command)
        currency, receiver = original.currency, original.counterparty
        if command.applied is None:
            return
        if command.type == "reverse" and receiver:
            self._purses.take(receiver, currency, command.applied, kept=True)
            self._purses.give(original.owner, currency, command.applied)
        elif command.type == "capture" and receiver:
            self._purses.give(receiver, currency, command.applied)
            self._purses.give(original.owner, currency, original.amount - command.applied)
        else:
            self._purses.give(original.owner, currency, command.applied)

    def _open(self, request: Request, burst: Burst) -> None:
        for person in (request.owner, request.counterparty):
            if person and (person.number, request.currency) not in self._wallets:
                self._wallets.add((person.number, request.currency))
                burst.opened.append(Opened(person, request.currency, request))

    def _later(self, burst: int) -> int | None:
        """A burst of the next days; None when the past is over by then."""
        a_day = self._scale.bursts / DAYS
        due = burst + 1 + int(self._random.random() * a_day * _COMMAND_WITHIN.days)
        return due if due < self._scale.bursts else None

    def _somebody(self, at: datetime) -> Person:
        """Somebody who is registered and takes part; who came early asks more often."""
        known = bisect_right(self._registered, at)
        number = 1 + int((known - 1) * self._random.random() ** 2)
        person = self._people[min(number, known - 1)]
        return person if person.status != "pending_verification" else self._people[1]

    def _other(self, owner: Person, at: datetime) -> Person:
        other = self._somebody(at)
        return other if other is not owner else self._people[2 if owner.number == 1 else 1]

    def _place(self, owner: Person) -> Place:
        self._sequences[owner.number] += 1
        partition = owner.id.int % PARTITIONS
        self._offsets[partition] += 1
        return Place(self._sequences[owner.number], partition, self._offsets[partition])

    def _answer(self, owner: Person, answer: UUID) -> None:
        self._answered[owner.number] += 1
        self._answers[owner.number] = answer


def _time_of(burst: int, scale: Scale) -> datetime:
    """When a burst is recorded: more around midday than at night."""
    days, part = divmod((burst + 0.5) / scale.bursts * DAYS, 1)
    part += _MIDDAY / (2 * math.pi) * math.sin(2 * math.pi * part)
    return scale.begins_at + timedelta(days=days + part)


def _amount(currency: str, random: Random) -> int:
    """Minor units; mostly some tens of the currency, of yen some thousands."""
    worth = random.lognormvariate(3.2, 1.1) * (100 if currency == "JPY" else 1)
    return int(worth * 10 ** EXPONENTS[currency]) + 1


def steps_of(burst: Burst) -> tuple[list[Request], list[Command]]:
    """The requests and the commands of a burst."""
    steps: list[Step] = burst.steps
    return (
        [step for step in steps if isinstance(step, Request)],
        [step for step in steps if isinstance(step, Command)],
    )
