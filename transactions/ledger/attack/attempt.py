"""One attempt, and how it ended."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from django.db import DatabaseError, transaction

from transactions.ledger.attack.scene import Scene, scene_set, sql
from transactions.ledger.models import LedgerTransaction

_RIGHT_MISSING = "42501"
_INTEGRITY = "23"


class Way(StrEnum):
    """How an attempt goes at the ledger."""

    SQL = "sql"
    ORM = "orm"
    CONSOLE = "console"


class Attempt(NamedTuple):
    """
    A way around a rule. `act` returns when it got through; the database refuses by an error.
    """

    way: Way
    name: str
    act: Callable[[Scene], None]


class Outcome(NamedTuple):
    """
    How an attempt ended; `says` is what refused it, or what went wrong.

    Only a missing right and a broken rule count as refused; any other error could hide that the
    attempt is not one.
    """

    attempt: Attempt
    refused: bool
    says: str


class NothingChanged(Exception):
    """The console answered and changed nothing."""


def attempt_make(attempt: Attempt, *, committed: LedgerTransaction) -> Outcome:
    """Set the scene, make the attempt, check every deferred rule, and roll all of it back."""
    with transaction.atomic():
        scene = scene_set(committed=committed)
        try:
            with transaction.atomic():
                attempt.act(scene)
                sql("SET CONSTRAINTS ALL IMMEDIATE")
        except NothingChanged as error:
            outcome = Outcome(attempt, refused=True, says=str(error))
        except DatabaseError as error:
            outcome = Outcome(attempt, refused=_is_refusal(error), says=_first_line(error))
        else:
            outcome = Outcome(attempt, refused=False, says="it worked")
        transaction.set_rollback(True)
    return outcome


def _is_refusal(error: DatabaseError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state == _RIGHT_MISSING or state.startswith(_INTEGRITY)


def _first_line(error: DatabaseError) -> str:
    state = getattr(error.__cause__, "sqlstate", None)
    return f"{state} {str(error).splitlines()[0]}"
