"""Step 1 of the road: the rows that claim an idempotency key."""

import json

from django.db import connection

from users.submissions.models import TransactionCommand, TransactionRequest

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
    "idempotency_key",
    "fingerprint",
    "request_id",
    "traceparent",
)
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


def key_claim(request: TransactionRequest) -> bool:
    """
    Insert the request unless its key is taken; whether it was inserted.

    Needs the caller's transaction. A twin that has not committed yet is waited for. Raises
    `IntegrityError` for any other rule, the reference's included.
    """
    # Note [One claim]: `ON CONFLICT` and nothing else makes the first of two twins known (P23).
    # The ORM cannot say on which constraint to do nothing, nor whether it inserted.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO transaction_request ({', '.join(_COLUMNS)}, metadata,"  # noqa: S608  our own names
            " accepted_at, hold_expires_at, status, captured_amount, reversed_amount)"
            f" VALUES ({', '.join(['%s'] * len(_COLUMNS))}, %s::jsonb, statement_timestamp(),"
            " statement_timestamp() + %s::integer * interval '1 second', 'pending', 0, 0)"
            " ON CONFLICT (requested_by_id, idempotency_key) DO NOTHING RETURNING 1",
            [
                *(getattr(request, name) for name in _COLUMNS),
                json.dumps(request.metadata),
                request.hold_expires_in_s,
            ],
        )
        return cursor.fetchone() is not None


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
