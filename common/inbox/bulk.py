"""Many dead letters, one after the other, in the order of their streams."""

import time
from collections.abc import Callable, Iterable

from django.db import DatabaseError, transaction

from common.db.transient import is_transient
from common.errors import Refused
from common.inbox.conduct import PLAIN, Conduct
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
) -> list[Resolution]:
    """
    Replay or discard letters one by one; a refusal is an answer like any other.

    Each is a transaction of its own. A dry run is a single one that is rolled back at the end,
    so that each letter meets what those before it would have left; consumers of these streams
    wait meanwhile.
    """
    if not dry_run:
        return [_told(on_each, _persistently(act, letter_id)) for letter_id in letter_ids]
    rehearsal = Conduct(durable=False)
    with transaction.atomic(durable=True):
        found = [_told(on_each, _once(act, letter_id, rehearsal)) for letter_id in letter_ids]
        transaction.set_rollback(True)
    return found


def _told(on_each: Callable[[Resolution], None], resolution: Resolution) -> Resolution:
    on_each(resolution)
    return resolution


def _persistently(act: Act, letter_id: int) -> Resolution:
    """Try again what a lock or a restart of the database was in the way of."""
    for _ in range(_TRIES - 1):
        try:
            return _once(act, letter_id, PLAIN)
        except DatabaseError as error:
            if not is_transient(error):
                raise
            time.sleep(_PAUSE_S)
    return _once(act, letter_id, PLAIN)


def _once(act: Act, letter_id: int, conduct: Conduct) -> Resolution:
    try:
        return act(letter_id, conduct)
    except Refused as refusal:
        return Resolution(letter_id, REFUSED, refusal.detail, failed=True)
