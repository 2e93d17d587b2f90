"""Many dead letters from a console: in steps that a request has time for, to be resumed."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models import F, Q
from django.db.models.functions import Now

from common.db.transient import is_transient
from common.errors import Refused
from common.inbox.bulk import Act, resolve_each
from common.inbox.conduct import Conduct, late_after
from common.inbox.discard import dead_letter_discard
from common.inbox.models import LetterRun
from common.inbox.replay import dead_letter_replay
from common.inbox.resolving import Resolution
from common.inbox.wiring import Wiring

log = structlog.get_logger(__name__)

LETTERS_MAX = 10_000
"""Letters of one run."""

REHEARSED_MAX = 100
"""Letters of a dry run at most: their streams wait for as long as it takes."""

STEP_S = 2.0
"""How long a step begins with further letters; one that finds locks held may take some more."""

_CLAIM = timedelta(seconds=30)
_TROUBLES_MAX = 50
_WORDS_MAX = 500
_CRASHED = "crashed"


def run_begin(
    *,
    wiring: Wiring,
    key: UUID,
    act: str,
    letter_ids: Sequence[int],
    actor: str,
    actor_email: str,
    reason: str,
    force: bool = False,
) -> tuple[LetterRun, bool]:
    """
    Write down what is to be done with letters; nothing is done with them yet.

    In the caller's transaction. Returns the run, and False when there was one of this key.
    """
    return LetterRun.objects.get_or_create(
        key=key,
        defaults={
            "consumer": wiring.consumer,
            "act": act,
            "force": force,
            "letter_ids": list(letter_ids),
            "actor": actor,
            "actor_email": actor_email,
            "reason": reason,
        },
    )


def run_step(*, wiring: Wiring, run_id: int, within_s: float = STEP_S) -> LetterRun:
    """
    Do some more of a run, if nobody else does at the moment; the run as it is then.

    Each letter is a transaction of its own. What the database was too busy for is left for the
    next step. A letter that makes a service crash is passed over, and named among the troubles.

    Raises `LetterRun.DoesNotExist`.
    """
    run = LetterRun.objects.get(pk=run_id, consumer=wiring.consumer)
    if _claim(run):
        run.refresh_from_db()
        _work(wiring, run, late_after(within_s))
        LetterRun.objects.filter(pk=run.pk).update(claimed_until=None)
        ended = LetterRun.objects.filter(pk=run.pk, finished_at=None, done=len(run.letter_ids))
        ended.update(finished_at=Now())
    run.refresh_from_db()
    return run


def run_stop(*, wiring: Wiring, run_id: int) -> bool:
    """End a run where it is, and say so; letters that were not tried stay dead. False if it had."""
    under_way = LetterRun.objects.filter(pk=run_id, consumer=wiring.consumer, finished_at=None)
    return bool(under_way.update(finished_at=Now()))


def letters_rehearse(
    *, wiring: Wiring, act: str, letter_ids: Sequence[int], force: bool, within_s: float = STEP_S
) -> list[Resolution]:
    """
    Say what would become of letters; nothing stays of it.

    The first `REHEARSED_MAX` at most, and as many as there is time for.
    """
    return resolve_each(
        letter_ids[:REHEARSED_MAX],
        act_of(wiring, act=act, actor="staff:dry-run", reason="a dry run", force=force),
        dry_run=True,
        late=late_after(within_s),
    )


def act_of(wiring: Wiring, *, act: str, actor: str, reason: str, force: bool) -> Act:
    """What is done with each letter of a run."""

    def replay(letter_id: int, conduct: Conduct) -> Resolution:
        return dead_letter_replay(
            wiring=wiring,
            letter_id=letter_id,
            actor=actor,
            reason=reason,
            force=force,
            conduct=conduct,
        )

    def discard(letter_id: int, conduct: Conduct) -> Resolution:
        return dead_letter_discard(
            wiring=wiring,
            letter_id=letter_id,
            actor=actor,
            reason=reason,
            rubbish=act == LetterRun.Act.RUBBISH,
            conduct=conduct,
        )

    return replay if act == LetterRun.Act.REPLAY else discard


def _claim(run: LetterRun) -> bool:
    """Take a run for a while; False when it ended, or when somebody has it."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=Now())
    rows = LetterRun.objects.filter(free, pk=run.pk, finished_at=None)
    return rows.update(claimed_until=Now() + _CLAIM) == 1


def _work(wiring: Wiring, run: LetterRun, late: Callable[[], bool]) -> None:
    act = act_of(wiring, act=run.act, actor=run.actor, reason=run.reason, force=run.force)

    def passing(letter_id: int, conduct: Conduct) -> Resolution:
        try:
            return act(letter_id, conduct)
        except Refused:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("letter_of_run_crashed", run=run.pk, letter=letter_id)
            words = f"{type(error).__name__}: it was left as it is"
            return Resolution(letter_id, _CRASHED, words, failed=True)

    try:
        resolve_each(
            run.letter_ids[run.done :], passing, on_each=lambda one: _tell(run, one), late=late
        )
    except DatabaseError as error:
        if not is_transient(error):
            raise
        log.warning("letter_run_interrupted", run=run.pk, error=str(error))


def _tell(run: LetterRun, resolution: Resolution) -> None:
    """Count a letter; the claim is prolonged with it."""
    run.counts[resolution.result] = run.counts.get(resolution.result, 0) + 1
    if resolution.failed and len(run.troubles) < _TROUBLES_MAX:
        words = resolution.outcome[:_WORDS_MAX]
        run.troubles.append([resolution.letter_id, resolution.result, words])
    LetterRun.objects.filter(pk=run.pk).update(
        done=F("done") + 1,
        counts=run.counts,
        troubles=run.troubles,
        claimed_until=Now() + _CLAIM,
    )
