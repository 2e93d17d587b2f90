"""Step 10 of the road: outcomes of a batch, settled together."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from users.submissions.command_outcomes import CommandOutcome, commands_settle
from users.submissions.errors import OutcomeMisfit
from users.submissions.models import TransactionRequest, UnclaimedOutcome
from users.submissions.road import ROAD_ARRAYS, ROAD_COLUMNS, UNTOLD, Road, road_kept
from users.submissions.telling import settle_and_tell

log = structlog.get_logger(__name__)

_STATUS = TransactionRequest.Status
_CAPTURED: tuple[str, ...] = (_STATUS.POSTED, _STATUS.PARTIALLY_REVERSED, _STATUS.REVERSED)
_REACHED_BY: dict[str, tuple[str, ...]] = {
    _STATUS.AUTHORISED: (_STATUS.AUTHORISED, _STATUS.VOIDED, _STATUS.EXPIRED, *_CAPTURED),
    _STATUS.POSTED: _CAPTURED,
    _STATUS.PARTIALLY_REVERSED: (_STATUS.PARTIALLY_REVERSED, _STATUS.REVERSED),
}
"""The statuses of a request that has had an outcome; after any other there are no more."""


class Outcome(NamedTuple):
    """
    What the ledger decided about one request of the user whose stream told it.

    It leads from the status `before` to `status`. `amount` and `currency` are what was moved,
    held, released or given back. `capture` and `asked_amount` are what the request must be
    about, `captured_amount` and `reversed_amount` what it has come to. `settled_at` is when the
    request was settled, `command_id` and `command_type` by which command it was changed. None
    where the outcome says nothing of that. `actor` caused it, and `road` is for the timeline.
    """

    transaction_id: UUID
    user_id: UUID
    before: str
    status: str
    decided_at: datetime
    settled_at: datetime | None = None
    rejection_code: str | None = None
    amount: int | None = None
    currency: str | None = None
    capture: str | None = None
    asked_amount: int | None = None
    captured_amount: int | None = None
    reversed_amount: int | None = None
    command_id: UUID | None = None
    command_type: str | None = None
    actor: str = ""
    road: Road = UNTOLD

    @property
    def reversed_before(self) -> int:
        """What had been reversed until then."""
        return 0 if self.reversed_amount is None else self.reversed_amount - (self.amount or 0)


class OutcomeBatch:
    """Collects the outcomes of one consumed batch and settles what waits for them together."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []
        self._refusals: list[CommandOutcome] = []

    def add(self, outcome: Outcome) -> None:
        """Note an outcome; `write` makes it true. Told again, it is the same outcome."""
        self._outcomes.append(outcome)

    def refuse(self, refusal: CommandOutcome) -> None:
        """Note that a command was refused; its request stays as it is."""
        self._refusals.append(refusal)

    def write(self) -> None:
        """
        Settle every request and every command, or none.

        An outcome that they have already changes nothing. One that nobody here asked for is
        kept as unclaimed, and its stream goes on: this database may have been restored from a
        backup that is older than the request. A command that is not known here was given to the
        ledger by staff: it changes the request, and a refusal of it changes nothing.

        Raises:
            OutcomeMisfit: the request or the command has another outcome, or is of another
                user, amount or currency.
        """
        changed: set[UUID] = set()
        for outcomes in _rounds(self._outcomes):
            settled = _settle(outcomes)
            left = [one for one in outcomes if one.transaction_id not in settled]
            if left:
                _account_for(left)
            changed.update(
                one.command_id
                for one in outcomes
                if one.command_id and one.transaction_id in settled
            )
        applied = [_of_command(one) for one in self._outcomes if one.command_id is not None]
        if applied or self._refusals:
            commands_settle([*applied, *self._refusals], changed=changed)


def _rounds(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """The first outcome of every transaction, then the second of each, and so on."""
    # Note [Rounds]: an UPDATE applies one row of its source to a target, whatever else it would
    # match; and the database looks at every arrow from status to status. Mostly there is one.
    rounds: list[list[Outcome]] = []
    seen: Counter[UUID] = Counter()
    for outcome in outcomes:
        turn = seen[outcome.transaction_id]
        seen[outcome.transaction_id] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(outcome)
    return rounds


def _settle(outcomes: Sequence[Outcome]) -> set[UUID]:
    """Settle what waits for its outcome and fits; the ids that were settled. One for each id."""
    columns = zip(
        *(
            (
                one.transaction_id,
                one.user_id,
                one.before,
                one.status,
                one.settled_at,
                one.rejection_code,
                one.currency,
                one.capture,
                one.asked_amount,
                one.captured_amount,
                one.reversed_before,
                one.reversed_amount,
                # The road of what a command led to is kept with the command.
                *(one.road if one.command_id is None else UNTOLD),
            )
            for one in outcomes
        ),
        strict=True,
    )
    return settle_and_tell(
        f"""
        UPDATE transaction_request AS request
        SET status = outcome.status,
            rejection_code = outcome.rejection_code,
            captured_amount = coalesce(outcome.captured_amount, request.captured_amount),
            reversed_amount = coalesce(outcome.reversed_amount, request.reversed_amount),
            settled_at = coalesce(request.settled_at, outcome.settled_at),
            {road_kept("request")}
        FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[],
                %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
                %s::bigint[], {ROAD_ARRAYS})
            AS outcome (id, user_id, before, status, settled_at, rejection_code, currency,
                capture, asked_amount, captured_amount, reversed_before, reversed_amount,
                {ROAD_COLUMNS})
        WHERE request.id = outcome.id
            AND request.user_id = outcome.user_id
            AND request.status = outcome.before
            AND request.currency = coalesce(outcome.currency, request.currency)
            AND request.capture = coalesce(outcome.capture, request.capture)
            AND request.amount = coalesce(outcome.asked_amount, request.amount)
            AND request.amount >= coalesce(outcome.captured_amount, request.captured_amount)
            AND request.reversed_amount = outcome.reversed_before
            AND (outcome.reversed_amount IS NULL
                OR outcome.status = 'reversed'
                    AND request.captured_amount = outcome.reversed_amount
                OR outcome.status = 'partially_reversed'
                    AND request.captured_amount > outcome.reversed_amount)
        RETURNING request.id
        """,  # noqa: S608  our own words
        [list(column) for column in columns],
    )


def _account_for(outcomes: Sequence[Outcome]) -> None:
    """Tell repetitions, which are fine, from outcomes that are nobody's or contradict."""
    requests = TransactionRequest.objects.in_bulk([one.transaction_id for one in outcomes])
    unclaimed = []
    for outcome in outcomes:
        request = requests.get(outcome.transaction_id)
        if request is None:
            unclaimed.append(outcome)
        elif _is_settled_so(request, outcome):
            log.info("outcome_repeated", transaction_id=str(request.id))
        else:
            raise OutcomeMisfit(f"request {request.id} is settled or another")
    if unclaimed:
        _unclaimed_keep(unclaimed)


def _is_settled_so(request: TransactionRequest, outcome: Outcome) -> bool:
    """Whether the request has had this outcome, and perhaps others since."""
    return (
        request.user_id == outcome.user_id
        and request.status in _REACHED_BY.get(outcome.status, (outcome.status,))
        and request.rejection_code == outcome.rejection_code
        and request.currency == (outcome.currency or request.currency)
        and request.capture == (outcome.capture or request.capture)
        and request.amount == (outcome.asked_amount or request.amount)
        and request.captured_amount == (outcome.captured_amount or request.captured_amount)
        and (outcome.reversed_amount is None or _is_reversed_so(request, outcome))
    )


def _is_reversed_so(request: TransactionRequest, outcome: Outcome) -> bool:
    whole = outcome.reversed_amount == request.captured_amount
    return 0 <= outcome.reversed_before < (
        outcome.reversed_amount or 0
    ) <= request.reversed_amount and whole == (outcome.status == _STATUS.REVERSED)


def _of_command(outcome: Outcome) -> CommandOutcome:
    return CommandOutcome(
        command_id=outcome.command_id,  # type: ignore[arg-type]  # asked for by who calls
        transaction_id=outcome.transaction_id,
        user_id=outcome.user_id,
        type=outcome.command_type,
        rejection_code=None,
        applied_amount=outcome.amount,
        settled_at=outcome.decided_at,
        actor=outcome.actor,
        road=outcome.road,
    )


def _unclaimed_keep(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        log.error("outcome_unclaimed", **{k: str(v) for k, v in outcome._asdict().items()})
    kept = [
        UnclaimedOutcome(
            transaction_id=outcome.transaction_id,
            user_id=outcome.user_id,
            status=outcome.status,
            rejection_code=outcome.rejection_code,
            amount=outcome.amount,
            currency=outcome.currency,
            decided_at=outcome.decided_at,
        )
        for outcome in outcomes
    ]
    UnclaimedOutcome.objects.bulk_create(kept, ignore_conflicts=True)
