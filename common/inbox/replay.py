"""A dead letter is tried again: in its place in its stream, as if it came now."""

import structlog
from django.db import transaction

from common.db.transient import is_transient
from common.events.codec import EventInvalid
from common.inbox.arrival import Arrival, Poison
from common.inbox.batch import batch_apply
from common.inbox.conduct import PLAIN, Conduct
from common.inbox.dead import storable
from common.inbox.errors import ReplayedTooOften
from common.inbox.isolate import batch_isolate
from common.inbox.models import DeadLetterAction, InboxWaiting
from common.inbox.resolving import HeldLetter, Resolution, action_record, letter_hold
from common.inbox.wiring import Wiring

log = structlog.get_logger(__name__)

FAILURES_MAX = 5
"""Failed replays of one letter after which it takes `force`."""

_FAILED = "failed"
_SAVEPOINT = Conduct(durable=False)
_OUTCOMES = {
    InboxWaiting.State.REPLAYED: "applied",
    InboxWaiting.State.WAITING: "waits for its turn: an earlier event of its stream is missing",
    InboxWaiting.State.SUPERSEDED: "its place was applied already",
}


def dead_letter_replay(
    *,
    wiring: Wiring,
    letter_id: int,
    actor: str,
    reason: str,
    force: bool = False,
    conduct: Conduct = PLAIN,
) -> Resolution:
    """
    Try a dead letter again with today's code, exactly once however many ask at the same time.

    In one transaction it is applied if it is its turn, with what waits behind it; or waits, if
    it is early; or is superseded, if its place was applied. If it fails, it stays dead with the
    new error, and that is the answer, not an exception. More of what waits behind follows in
    further transactions.

    Raises:
        LetterUnknown: there is no such letter.
        LetterResolved: it is not dead any more.
        ReplayedTooOften: it failed five times; `force` tries all the same.
    """
    with transaction.atomic(durable=conduct.durable):
        held = letter_hold(wiring=wiring, letter_id=letter_id)
        if not force:
            _check_failures(held.row)
        resolution = _resolve(wiring, held)
        action_record(
            wiring=wiring,
            action=DeadLetterAction.Action.REPLAY,
            actor=actor,
            reason=reason,
            result=resolution.result,
            outcome=resolution.outcome,
            letter_id=letter_id,
            stream=held.item.envelope.stream if held.item.envelope else None,
        )
    if resolution.result == InboxWaiting.State.REPLAYED and held.cursor is not None:
        batch_isolate(wiring, [], due=[held.cursor.stream], conduct=conduct)
    return resolution


def _check_failures(row: InboxWaiting) -> None:
    failures = row.actions.filter(action=DeadLetterAction.Action.REPLAY, result=_FAILED).count()
    if failures >= FAILURES_MAX:
        raise ReplayedTooOften(f"{row.pk} failed {failures} replays; --force tries it again.")


def _resolve(wiring: Wiring, held: HeldLetter) -> Resolution:
    if isinstance(held.item, Poison):
        return _fail(held.row, InboxWaiting.ErrorClass.POISON, held.item.reason)
    try:
        with transaction.atomic():
            _put_back(held.row, held.item)
            _apply(wiring, held.item)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("replay_failed", letter=held.row.pk)
        if isinstance(error, EventInvalid):
            return _fail(held.row, InboxWaiting.ErrorClass.POISON, str(error))
        return _fail(held.row, InboxWaiting.ErrorClass.BUG, f"{type(error).__name__}: {error}")
    return _answer(held.row)


def _apply(wiring: Wiring, arrival: Arrival) -> None:
    """Apply it and what waits behind it; if that fails, it alone, so that the fault is its own."""
    try:
        batch_apply(wiring, [], due=[arrival.envelope.stream], conduct=_SAVEPOINT)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("replay_failed_with_what_waits_behind", letter=arrival.row_id)
        batch_apply(wiring, [arrival], unpark=False, conduct=_SAVEPOINT)


def _put_back(row: InboxWaiting, arrival: Arrival) -> None:
    """Let it wait as any early event does; what was illegible before may be legible now."""
    envelope = arrival.envelope
    InboxWaiting.objects.filter(pk=row.pk).update(
        state=InboxWaiting.State.WAITING,
        source=envelope.source,
        stream=envelope.stream,
        sequence=envelope.sequence,
        event_id=envelope.id,
        type=envelope.type[:100],
    )


def _answer(row: InboxWaiting) -> Resolution:
    row.refresh_from_db(fields=["state", "error", "error_class"])
    if row.state == InboxWaiting.State.DEAD:
        return Resolution(row.pk, _FAILED, f"{row.error_class}: {row.error}", failed=True)
    return Resolution(row.pk, row.state, _OUTCOMES[InboxWaiting.State(row.state)])


def _fail(row: InboxWaiting, error_class: InboxWaiting.ErrorClass, reason: str) -> Resolution:
    error = storable(reason)
    InboxWaiting.objects.filter(pk=row.pk).update(
        error_class=error_class, error=error, attempts=row.attempts + 1
    )
    return Resolution(row.pk, _FAILED, f"{error_class}: {error}", failed=True)
