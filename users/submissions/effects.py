"""What one transaction id says when both sides are held beside each other. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from common.internal.contracts import Asked, Decision

_ALWAYS = ("stream", "kind", "amount", "currency", "accepted_at")
_OUTCOME = ("state", "captured_amount", "reversed_amount", "rejection_code")
_PENDING = "pending"


class Verdict(StrEnum):
    """The last four are differences; the others are not, or not yet."""

    AGREES = "agrees"
    PENDING = "pending"
    HELD = "held"
    UNDECIDED = "undecided_too_long"
    DIFFERS = "differs"
    MISSING = "missing_in_ledger"
    UNKNOWN = "unknown_to_users"


DIFFERENCES = (Verdict.UNDECIDED, Verdict.DIFFERS, Verdict.MISSING, Verdict.UNKNOWN)


class Pair(NamedTuple):
    """A transaction as users keeps it and as the ledger decided it; None where there is nothing."""

    id: UUID
    asked: Asked | None
    decision: Decision | None


class Effect(NamedTuple):
    """The verdict on one id; `sides` gives both sides of each member that differs."""

    id: UUID
    verdict: Verdict
    sides: dict[str, tuple[Any, Any]]


def effect_of(pair: Pair, *, held: bool, as_of: datetime, grace: timedelta) -> Effect:
    """
    Judge one transaction.

    `as_of` is of when the ledger's side is. An outcome may take `grace`, and longer behind a
    dead letter (`held`). A hold that both sides keep agrees, though it is not settled.
    """
    asked, decision = pair.asked, pair.decision
    sides = _differences(asked, decision) if asked and decision else {}
    misfits = {name: both for name, both in sides.items() if name in _ALWAYS}
    if asked is None:
        verdict = Verdict.UNKNOWN
    elif asked.settled_at is not None and decision is None:
        # A file is of a moment; what was decided after it is not in it.
        verdict = Verdict.PENDING if asked.settled_at > as_of else Verdict.MISSING
    elif decision is not None and not sides:
        verdict = Verdict.AGREES
    elif asked.settled_at is not None or misfits:
        after = asked.settled_at is not None and asked.settled_at > as_of
        verdict = Verdict.PENDING if after and not misfits else Verdict.DIFFERS
    elif held:
        verdict = Verdict.HELD
    else:
        verdict = _of_pending(asked, decision, as_of - grace)
    return Effect(pair.id, verdict, sides if asked and asked.state != _PENDING else misfits)


def _of_pending(asked: Asked, decision: Decision | None, due: datetime) -> Verdict:
    since = decision.recorded_at if decision else asked.accepted_at
    if since > due:
        return Verdict.PENDING
    return Verdict.DIFFERS if decision else Verdict.UNDECIDED


def _differences(asked: Asked, decision: Decision) -> dict[str, tuple[Any, Any]]:
    # What was not legible of a discarded request stands nowhere in the books.
    members = [name for name in _ALWAYS if getattr(decision, name) is not None]
    return {
        name: (getattr(asked, name), getattr(decision, name))
        for name in [*members, *_OUTCOME]
        if getattr(asked, name) != getattr(decision, name)
    }
