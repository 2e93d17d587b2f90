"""Many dead letters, one after the other, in the order of their streams."""

import time
from collections.abc import Callable, Iterable

from django.db import DatabaseError, transaction

from common.db.transient import is_transient
from common.errors import Refused
from common.inbox.conduct import Conduct, never
from common.inbox.resolving import Resolution

REFUSED = "refused"
_TRIES = 5
_PAUSE_S = 0.5

Act = Callable[[int, Conduct], Resolution]


def resolve_each(
    letter_ids: Iterable[int],
    act: Act,
    *,
    dry_run: bool = False,
    on_each: Callable[[Resolution], None] = lambda _: None,
    late: Callable[[], bool] = never,
) -> list[Resolution]:
    """
    Replay or discard letters one by one; a refusal is an answer like any other.

    Each is a transaction of its own. A dry run is a single one that is rolled back at the end,
    wait meanwhile. Letters that are left once it is `late` are not tried.
    """
    conduct = Conduct(durable=not dry_run, late=late)
    if not dry_run:
        return _each(letter_ids, lambda one: _persistently(act, one, conduct), on_each, late)
    with transaction.atomic(durable=True):
        found = _each(letter_ids, lambda one: _once(act, one, conduct), on_each, late)
        transaction.set_rollback(True)
    return found


def _each(
    letter_ids: Iterable[int],
    resolve: Callable[[int], Resolution],
    on_each: Callable[[Resolution], None],
    late: Callable[[], bool],
) -> list[Resolution]:
    found = []
    for letter_id in letter_ids:
        found.append(resolve(letter_id))
        on_each(found[-1])
        if late():
            break
    return found


def _persistently(act: Act, letter_id: int, conduct: Conduct) -> Resolution:
    """Try again what a lock or a restart of the database was in the way of."""
    for _ in range(_TRIES - 1):
        try:
            return _once(act, letter_id, conduct)
        except DatabaseError as error:
            if not is_transient(error):
                raise
            time.sleep(_PAUSE_S)
    return _once(act, letter_id, conduct)


def _once(act: Act, letter_id: int, conduct: Conduct) -> Resolution:
    try:
        return act(letter_id, conduct)
    except Refused as refusal:
        return Resolution(letter_id, REFUSED, refusal.detail, failed=True)
