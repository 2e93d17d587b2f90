"""What stands for the statements of replaying a dead letter."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from common.inbox.arrival import Arrival, arrive
from common.inbox.errors import LetterResolved
from common.inbox.resolving import HeldLetter, Resolution
from common.inbox.wiring import Wiring
from tests.simulation.database import statement
from tests.simulation.inbox_tables import WAITING, cursors_lock


@dataclass(frozen=True, slots=True)
class Letter:
    """A locked row, as far as replaying asks for it."""

    pk: int
    attempts: int


def letter_hold(*, wiring: Wiring, letter_id: int) -> HeldLetter:
    opened = statement(f"hold letter {letter_id}")
    kept = opened.read(WAITING, letter_id)
    item = arrive(kept.item.record, consumed_at=kept.item.consumed_at, row_id=letter_id)
    cursor = None
    if isinstance(item, Arrival):
        stream = item.envelope.stream
        locked = cursors_lock(consumer=wiring.consumer, source="", streams=[stream])
        cursor = locked[stream]
    opened.lock(WAITING, letter_id)
    kept = opened.read(WAITING, letter_id)
    if kept.state != "dead":
        raise LetterResolved(f"{letter_id} is {kept.state} already.")
    return HeldLetter(Letter(letter_id, kept.attempts), item, cursor)


def action_record(*, stream: UUID | None = None, **_: Any) -> None:
    statement("write down what was done")


def put_back(row: Letter, arrival: Arrival) -> None:
    _change(row, state="waiting")


def answer(row: Letter) -> Resolution:
    kept = statement("see what came of it").read(WAITING, row.pk)
    return Resolution(row.pk, kept.state, kept.error, failed=kept.state == "dead")


def fail(row: Letter, error_class: str, reason: str) -> Resolution:
    _change(row, error_class=str(error_class), error=reason, attempts=row.attempts + 1)
    return Resolution(row.pk, "failed", reason, failed=True)


def _change(row: Letter, **members: Any) -> None:
    opened = statement("change a letter")
    opened.write(WAITING, row.pk, replace(opened.read(WAITING, row.pk), **members))
