"""Step 10 of the road: what became of the commands of a batch, settled by one statement."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import connection

from users.submissions.errors import OutcomeMisfit
from users.submissions.models import TransactionCommand
from users.submissions.road import (
    ROAD_ARRAYS,
    ROAD_COLUMNS,
    ROAD_TOLD,
    UNTOLD,
    Road,
    road_kept,
)
from users.submissions.telling import settle_and_tell

log = structlog.get_logger(__name__)

_STATUS = TransactionCommand.Status


class CommandOutcome(NamedTuple):
    """
    What the ledger did with one command: `applied_amount` was applied, or it was refused.

    `type` is the only one that leads to such an outcome, None where any can. `actor` caused it, and
    `road` is for the timeline.
    """

    command_id: UUID
    transaction_id: UUID
    user_id: UUID
    type: str | None
    rejection_code: str | None
    applied_amount: int | None
    settled_at: datetime
    actor: str = ""
    road: Road = UNTOLD

    @property
    def status(self) -> str:
        """What the command comes to."""
        return _STATUS.APPLIED if self.rejection_code is None else _STATUS.REJECTED

    def says_the_same(self, other: "CommandOutcome") -> bool:
        """Whether two outcomes are one decision, told again after the ledger was restored."""
        decision = self._replace(settled_at=other.settled_at, actor=other.actor, road=other.road)
        return decision == other


def commands_settle(outcomes: Sequence[CommandOutcome], *, changed: Collection[UUID]) -> None:
    """
    Settle the commands that are known here; others are staff's.

    `changed` are the commands by which a request was changed just now: what was applied before
    has changed its request then.

    Raises `OutcomeMisfit` when a command has another outcome, or is about something else.
    """
    told: dict[UUID, CommandOutcome] = {}
    for outcome in outcomes:
        if not told.setdefault(outcome.command_id, outcome).says_the_same(outcome):
            raise OutcomeMisfit("two outcomes for one command")
    settled = _settle(list(told.values()))
    misfits = {id_ for id_ in settled if _is_applied(told[id_]) != (id_ in changed)}
    if misfits:
        raise OutcomeMisfit(f"commands {misfits} were applied to nothing")
    left = [one for one in told.values() if one.command_id not in settled]
    if left:
        _account_for(left, changed)


def _is_applied(outcome: CommandOutcome) -> bool:
    return outcome.rejection_code is None


def _settle(outcomes: Sequence[CommandOutcome]) -> set[UUID]:
    """Settle what is pending and fits; the ids that were settled."""
    columns = zip(
        *(
            (
                one.command_id,
                one.transaction_id,
                one.user_id,
                one.type,
                one.rejection_code,
                one.applied_amount,
                one.settled_at,
                one.status,
                *one.road,
            )
            for one in outcomes
        ),
        strict=True,
    )
    return settle_and_tell(
        f"""
        UPDATE transaction_command AS command
        SET status = outcome.status,
            rejection_code = outcome.rejection_code,
            applied_amount = outcome.applied_amount,
            settled_at = outcome.settled_at,
            {road_kept("command")}
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
                %s::timestamptz[], %s::text[], {ROAD_ARRAYS})
            AS outcome (id, transaction_id, user_id, type, rejection_code, applied_amount,
                settled_at, status, {ROAD_COLUMNS})
            JOIN transaction_request AS request
            ON request.id = outcome.transaction_id AND request.user_id = outcome.user_id
        WHERE command.id = outcome.id
            AND command.transaction_id = outcome.transaction_id
            AND command.type = coalesce(outcome.type, command.type)
            AND command.status = 'pending'
        RETURNING command.id
        """,  # noqa: S608  our own words
        [list(column) for column in columns],
    )


def _account_for(outcomes: Sequence[CommandOutcome], changed: Collection[UUID]) -> None:
    """Tell repetitions, and commands of staff, from outcomes that contradict."""
    commands = TransactionCommand.objects.select_related("transaction").in_bulk(
        [one.command_id for one in outcomes]
    )
    of_staff = [one for one in outcomes if one.command_id not in commands]
    if of_staff:
        _staff_outcomes_keep(of_staff)
    for outcome in outcomes:
        command = commands.get(outcome.command_id)
        if command is None:
            log.info("command_of_staff", command_id=str(outcome.command_id))
        elif _is_settled_so(command, outcome) and command.id not in changed:
            log.info("command_outcome_repeated", command_id=str(command.id))
        else:
            raise OutcomeMisfit(f"command {command.id} is settled or another")


def _is_settled_so(command: TransactionCommand, outcome: CommandOutcome) -> bool:
    return (
        command.status == outcome.status
        and command.transaction_id == outcome.transaction_id
        and command.transaction.user_id == outcome.user_id
        and command.type == (outcome.type or command.type)
        and command.rejection_code == outcome.rejection_code
        and command.applied_amount == outcome.applied_amount
    )


def _staff_outcomes_keep(outcomes: Sequence[CommandOutcome]) -> None:
    """Remember what staff did with requests that are known here; told again, it is the same."""
    columns = zip(
        *(
            (
                one.command_id,
                one.transaction_id,
                one.user_id,
                one.type or "",
                one.actor,
                one.rejection_code,
                one.applied_amount,
                *one.road,
            )
            for one in outcomes
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO staff_outcome (command_id, transaction_id, type, actor, rejection_code,
                applied_amount, {ROAD_COLUMNS})
            SELECT outcome.command_id, request.id, outcome.type, left(outcome.actor, 100),
                outcome.rejection_code, outcome.applied_amount, {ROAD_TOLD}
            FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[],
                    %s::bigint[], {ROAD_ARRAYS})
                AS outcome (command_id, transaction_id, user_id, type, actor, rejection_code,
                    applied_amount, {ROAD_COLUMNS})
                JOIN transaction_request AS request
                ON request.id = outcome.transaction_id AND request.user_id = outcome.user_id
            ON CONFLICT (command_id) DO NOTHING
            """,  # noqa: S608  our own words
            [list(column) for column in columns],
        )
