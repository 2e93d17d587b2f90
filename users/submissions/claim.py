"""Step 1 of the road: the rows that claim an idempotency key."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import structlog
from django.db import DatabaseError, IntegrityError, connection

from common.db.copying import rows_copy
from common.db.group_commit import GroupCommit
from common.db.prepared import prepared_row, prepared_rows
from common.db.refusing import constraint_name
from common.events.codec import event_encode
from common.outbox.append import (
    NewEvent,
    append_parameters,
    append_statement,
    append_together_statement,
    publisher_wake,
)
from users.submissions.models import TransactionCommand, TransactionRequest

log = structlog.get_logger(__name__)

TWIN_RULES = frozenset({"transaction_request_key_once", "transaction_request_reference_once"})
"""What is broken when another request with the same key or reference was quicker."""

UNKNOWN_MOMENT = datetime(9000, 1, 1, microsecond=1, tzinfo=UTC)
"""Stands in a request and its event for a time that only the database will know; as long as any."""

_ENCODER = msgspec.json.Encoder()

_COLUMNS = (
    "id",
    "user_id",
    "requested_by_id",
    "kind",
    "counterparty_id",
    "amount",
    "currency",
    "capture",
    "hold_expires_in_s",
    "reference",
    "description",
    "metadata",
    "idempotency_key",
    "fingerprint",
    "request_id",
    "traceparent",
)
_METADATA = _COLUMNS.index("metadata")
_TIMES = ("accepted_at", "hold_expires_at")
_OUTCOME = {"status": "pending", "captured_amount": 0, "reversed_amount": 0}
_CASTS = {
    **dict.fromkeys(("id", "user_id", "requested_by_id", "counterparty_id"), "::uuid"),
    "amount": "::bigint",
    "hold_expires_in_s": "::integer",
    "metadata": "::jsonb",
}
_COMMAND_COLUMNS = (
    "id",
    "transaction_id",
    "type",
    "requested_by_id",
    "amount",
    "reason",
    "idempotency_key",
    "fingerprint",
    "request_id",
    "traceparent",
)

# The same rules as in `refusals.py`, which finds the reason when they do not hold.
#
# Note [One row of an index]: a plan is kept with the statement, and may have been made when the
# tables were empty. What could be read as a join (hence OFFSET 0) then reads a whole table, and an
# equality finds all requests of somebody by another index, until autovacuum comes. The next key
# from the one that is asked for on is in one place of one index, whatever the table looks like.
_CONDITION = """
    (SELECT idempotency_key FROM transaction_request
        WHERE requested_by_id = %(requested_by_id)s::uuid
            AND idempotency_key >= %(idempotency_key)s::text
        ORDER BY idempotency_key LIMIT 1) IS DISTINCT FROM %(idempotency_key)s::text
    AND (%(reference)s::text IS NULL OR (SELECT reference FROM transaction_request
        WHERE requested_by_id = %(requested_by_id)s::uuid AND reference >= %(reference)s::text
        ORDER BY reference LIMIT 1) IS DISTINCT FROM %(reference)s::text)
    AND EXISTS (SELECT FROM user_account AS caller
        WHERE id = %(requested_by_id)s::uuid
            AND (role = 'treasury' OR %(kind)s::text <> 'deposit')
            AND (id = %(party)s::uuid
                OR status = 'active' AND EXISTS (SELECT FROM user_account AS other
                    WHERE other.id = %(party)s::uuid
                        AND other.status NOT IN ('closing', 'closed') OFFSET 0))
        OFFSET 0)
"""

_DEADLINE = "(taken_at + %(hold_expires_in_s)s::integer * interval '1 second')"
_INSERT = f"""
    INSERT INTO transaction_request ({", ".join(_COLUMNS)},
        {", ".join(_TIMES)}, {", ".join(_OUTCOME)})
    SELECT {", ".join(f"%({name})s{_CASTS.get(name, '::text')}" for name in _COLUMNS)},
        taken_at, {_DEADLINE}, 'pending', 0, 0
    FROM taken
"""  # noqa: S608  names of columns of ours


def _moment(at: str) -> str:
    """A time as the events' own encoder writes it, so that they stay canonical."""
    digits = f"to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    return f"replace({digits}, '.000000Z', 'Z')"


_PARTS = {
    "condition": _CONDITION,
    "effect": _INSERT,
    "data": f"%(data_1)s::text || {_moment('taken_at')} || %(data_2)s::text"
    f" || coalesce({_moment(_DEADLINE)} || %(data_3)s::text, '')",
}
_ACCEPT = append_statement(**_PARTS)
_ACCEPT_TOGETHER = append_together_statement(**_PARTS)

_Asked = Mapping[str, str | None]


def request_accept(request: TransactionRequest, announcement: NewEvent) -> bool:
    """
    Take a number, insert the request and append its event; whether it was accepted.

    One statement, and a transaction of its own unless the caller has one; under load one for the
    requests of several threads (`common/db/group_commit.py`). If it was not accepted,
    nothing happened, and something stands against it: its key or its reference is taken, its
    stream takes no requests, or a party cannot take part. Where the event names the time of the
    acceptance and a hold's deadline, it goes by `UNKNOWN_MOMENT`; the request learns both.

    Raises `EventTooLarge`, and `IntegrityError` for any other rule.
    """
    asked = {
        **append_parameters(announcement),
        **_parameters(request),
        **_pieces(request, announcement),
    }
    # What others share cannot be a part of the caller's transaction.
    accept = _accept_alone if connection.in_atomic_block else _group.submit
    accepted_at = accept(asked)
    if accepted_at is None:
        return False
    accepted_at_set(request, accepted_at)
    publisher_wake()
    return True


def _accept_alone(asked: _Asked) -> datetime | None:
    """When a request was accepted, None if it was not. Raises `IntegrityError`."""
    try:
        # Note [One claim]: the number is taken and the key is claimed at once, or neither is. A
        # twin that has not committed yet is waited for; if it does, its key breaks a rule here,
        # and the number is given back with everything else (P23).
        row = prepared_row(_ACCEPT, asked)
    except IntegrityError as error:
        if constraint_name(error) not in TWIN_RULES:
            raise
        return None
    return row[0] if row else None


def _accept_together(many: Sequence[_Asked]) -> list[datetime | None]:
    """When requests were accepted; None for those that have to be tried alone."""
    try:
        rows = prepared_rows(_ACCEPT_TOGETHER, {"asked": _ENCODER.encode(many).decode()})
    except DatabaseError as error:
        log.info("not_accepted_together", requests=len(many), error=str(error).strip())
        return [None] * len(many)
    accepted = {str(event_id): taken_at for event_id, taken_at in rows}
    return [accepted.get(cast("str", asked["event_id"])) for asked in many]


_group: GroupCommit[_Asked, datetime] = GroupCommit(together=_accept_together, alone=_accept_alone)


def requests_copy(requests: Sequence[TransactionRequest]) -> None:
    """
    Insert requests whose `accepted_at` is set.

    Needs the caller's transaction, which holds their streams. Raises `IntegrityError` when a twin
    was quicker: one of `TWIN_RULES`.
    """
    # Batches of one caller that share keys wait for each other in one order.
    ordered = sorted(requests, key=lambda request: request.idempotency_key)
    rows_copy(
        "transaction_request",
        (*_COLUMNS, *_TIMES, *_OUTCOME),
        [
            (*_values(row), row.accepted_at, row.hold_expires_at, *_OUTCOME.values())
            for row in ordered
        ],
    )


def accepted_at_set(request: TransactionRequest, at: datetime) -> None:
    """Let a request know when it was accepted, and when its hold is over."""
    request.accepted_at = at
    if request.hold_expires_in_s is not None:
        request.hold_expires_at = at + timedelta(seconds=request.hold_expires_in_s)


def _parameters(request: TransactionRequest) -> dict[str, str | None]:
    values = dict(zip(_COLUMNS, _values(request), strict=True))
    values["party"] = request.counterparty_id or request.user_id
    return {name: None if value is None else str(value) for name, value in values.items()}


def _values(request: TransactionRequest) -> list[Any]:
    """What was asked, in the order of `_COLUMNS`."""
    values = [getattr(request, name) for name in _COLUMNS]
    values[_METADATA] = _ENCODER.encode(request.metadata).decode()
    return values


def _pieces(request: TransactionRequest, announcement: NewEvent) -> dict[str, str | None]:
    """The event's text before, between and behind its times; of two pieces without a deadline."""
    # The first of each is ours: the event has its times before anything that a client may write.
    before, _, behind = event_encode(announcement.event).decode().partition(_text(UNKNOWN_MOMENT))
    if request.hold_expires_at is None:
        return {"data_1": before, "data_2": behind, "data_3": None}
    between, _, behind = behind.partition(_text(request.hold_expires_at))
    return {"data_1": before, "data_2": between, "data_3": behind}


def _text(moment: datetime) -> str:
    return _ENCODER.encode(moment).decode().strip('"')


def command_claim(command: TransactionCommand) -> bool:
    """
    Insert the command unless its key is taken for this transaction; whether it was inserted.

    Needs the caller's transaction. A twin that has not committed yet is waited for.
    """
    with connection.cursor() as cursor:  # see Note [One claim]
        cursor.execute(
            f"INSERT INTO transaction_command ({', '.join(_COMMAND_COLUMNS)},"  # noqa: S608  our own names
            f" accepted_at, status) VALUES ({', '.join(['%s'] * len(_COMMAND_COLUMNS))},"
            " statement_timestamp(), 'pending')"
            " ON CONFLICT (requested_by_id, transaction_id, idempotency_key)"
            " DO NOTHING RETURNING 1",
            [getattr(command, name) for name in _COMMAND_COLUMNS],
        )
        return cursor.fetchone() is not None
