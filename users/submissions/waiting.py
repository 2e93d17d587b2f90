"""
Step 1 of the road, for clients who want to hear of step 10 at once: `Prefer: wait=N`.

RFC 7240: what is not understood, or cannot be done, is ignored and never refused.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.request import parse_http_list

from django.db import DatabaseError, InterfaceError, connection
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from common import held_requests
from common.db.transient import is_transient
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.waiters import TICK_S, waiting_room

WAIT_MAX_S = 10
PREFER_PARAMETER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description=(
        f"`wait=N`: hold the answer for the outcome, N seconds at most (1 to {WAIT_MAX_S}; more"
        f" counts as {WAIT_MAX_S}). Other preferences are ignored."
    ),
)
_PENDING = TransactionRequest.Status.PENDING

Row = TypeVar("Row", TransactionRequest, TransactionCommand)
Found = TypeVar("Found")


class Waited(NamedTuple):
    """
    What a preference to wait came to; `applied_s` is None when there was none, or no place.

    `has_outcome` says whether `row` is what became of it, or still what was accepted.
    """

    row: Any
    has_outcome: bool
    applied_s: int | None


def wait_preferred(headers: Mapping[str, str]) -> int | None:
    """How many seconds a client prefers to wait for the outcome; None when it does not."""
    for preference in parse_http_list(headers.get("Prefer", "")):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait":  # the first one counts (RFC 7240, section 2)
            return _seconds(value.strip())
    return None


def _seconds(value: str) -> int | None:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if not (value.isascii() and value.isdigit()):
        return None
    digits = value.lstrip("0")
    if len(digits) > len(str(WAIT_MAX_S)):
        return WAIT_MAX_S
    return min(int(digits or "0"), WAIT_MAX_S) or None


def outcome_await(request: Request, row: Row) -> Waited:
    """
    Wait for the outcome of what was just accepted as long as its client prefers.

    A hold that is authorised is an outcome, too. No connection to the database is held
    meanwhile. Trouble with the database ends no waiting: the request was accepted.
    """
    seconds = wait_preferred(request.headers)
    if seconds is None:
        return Waited(row, has_outcome=False, applied_s=None)
    if row.status != _PENDING:  # of a key that was used before
        return Waited(row, has_outcome=True, applied_s=seconds)
    waiter = waiting_room().admit(row.id)
    if waiter is None:
        return Waited(row, has_outcome=False, applied_s=None)
    deadline = time.monotonic() + seconds
    with waiter:
        while True:
            current = look(lambda: _current(row))
            if current is not None and current.status != _PENDING:
                return Waited(current, has_outcome=True, applied_s=seconds)
            left_s = deadline - time.monotonic()
            over = left_s <= 0 or held_requests.is_ending()
            if over or held_requests.client_is_gone(request.META):
                return Waited(row, has_outcome=False, applied_s=seconds)
            waiter.wait(min(left_s, TICK_S))


def _current(row: Row) -> Row | None:
    return type(row)._default_manager.filter(pk=row.pk).first()  # noqa: SLF001  Django's documented name


def look(find: Callable[[], Found | None]) -> Found | None:
    """Ask the database and give the connection back; None as well while it is away."""
    try:
        return find()
    except (DatabaseError, InterfaceError) as error:
        if not is_transient(error):
            raise
        return None
    finally:
        connection.close_if_unusable_or_obsolete()  # at once: no connection may grow old
