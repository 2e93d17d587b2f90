"""What the description of the transactions API shows: bodies that could be sent, and answers."""

import json
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from common.api.catalogue import entry_of, example
from common.api.pagination import cursor_encode
from users.submissions.errors import CounterpartyUnavailable

_ALICE = "0198c0de-1a00-7000-8000-00000000a11c"
_BOB = "0198c0de-1b00-7000-8000-000000000b0b"
_TRANSACTION = "0198c0de-7b1e-7c3e-9a51-5b0f6f1d2c3a"
_COMMAND = "0198c0de-9d40-7d1b-8f60-2f7f0c6a4b1d"

LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="Where it can be read.",
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="There when the key was used before: this is the first answer again.",
)
PREFERENCE_APPLIED = OpenApiParameter(
    "Preference-Applied",
    str,
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="`wait=N`, there when the answer was held for the outcome.",
)
HEADERS = (LOCATION, REPLAYED, PREFERENCE_APPLIED)
"""What comes with the answer to whatever is accepted."""


def _request(name: str, summary: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value, summary=summary, request_only=True)


def _answer(name: str, summary: str, value: dict[str, Any], status: int = 200) -> OpenApiExample:
    return OpenApiExample(
        name, value, summary=summary, response_only=True, status_codes=[str(status)]
    )


_ACCEPTED = {
    "id": _TRANSACTION,
    "kind": "transfer",
    "status": "pending",
    "amount": 2500,
    "currency": "EUR",
    "user": _ALICE,
    "counterparty": _BOB,
    "capture": "automatic",
    "hold_expires_at": None,
    "reference": "invoice-17",
    "description": "Lunch",
    "metadata": {"table": "4"},
    "captured_amount": 0,
    "reversed_amount": 0,
    "rejection_code": None,
    "created_at": "2026-01-02T12:00:00.000000Z",
    "settled_at": None,
}
_POSTED = {
    **_ACCEPTED,
    "status": "posted",
    "captured_amount": 2500,
    "settled_at": "2026-01-02T12:00:00.012000Z",
}
_REJECTED = {
    **_ACCEPTED,
    "status": "rejected",
    "rejection_code": "insufficient_funds",
    "settled_at": "2026-01-02T12:00:00.012000Z",
}

SUBMIT = [
    _request(
        "transfer",
        "Pay another user",
        {
            "kind": "transfer",
            "amount": 2500,
            "currency": "EUR",
            "counterparty": _BOB,
            "description": "Lunch",
            "metadata": {"table": "4"},
        },
    ),
    _request(
        "hold",
        "Hold money for an hour, to be captured or voided",
        {
            "kind": "transfer",
            "amount": 2500,
            "currency": "EUR",
            "counterparty": _BOB,
            "capture": "manual",
            "hold_expires_in_s": 3600,
        },
    ),
    _request(
        "withdrawal",
        "Take money out",
        {"kind": "withdrawal", "amount": 1000, "currency": "EUR"},
    ),
    _request(
        "deposit",
        "Bring money in (treasury only)",
        {"kind": "deposit", "amount": 10000, "currency": "EUR", "user": _ALICE},
    ),
    _answer("accepted", "Accepted; the ledger decides later", _ACCEPTED, 202),
    _answer("posted", "With `Prefer: wait=N`: decided in time", _POSTED),
]
BATCH = [
    _request(
        "payouts",
        "Two payments, each under its own key",
        {
            "items": [
                {
                    "idempotency_key": "payout-17-1",
                    "kind": "transfer",
                    "amount": 2500,
                    "currency": "EUR",
                    "counterparty": _BOB,
                    "description": "Lunch",
                    "metadata": {"table": "4"},
                },
                {
                    "idempotency_key": "payout-17-2",
                    "kind": "transfer",
                    "amount": 2500,
                    "currency": "EUR",
                    "counterparty": _ALICE,
                },
            ]
        },
    ),
    _answer(
        "results",
        "The first is accepted, the second refused",
        {
            "results": [
                {"status": 202, "body": _ACCEPTED},
                {"status": 422, "body": example(entry_of(CounterpartyUnavailable))},
            ]
        },
    ),
]
TRANSACTION = [
    _answer("posted", "The money has moved", _POSTED),
    _answer("rejected", "The ledger said no", _REJECTED),
]
TRANSACTIONS = [
    _answer(
        "page",
        "One page, and there is more",
        {"data": [_POSTED], "has_more": True, "next_cursor": cursor_encode(UUID(_TRANSACTION))},
    )
]

_COMMANDED = {
    "id": _COMMAND,
    "transaction_id": _TRANSACTION,
    "type": "capture",
    "amount": 2000,
    "status": "pending",
    "rejection_code": None,
    "created_at": "2026-01-02T12:30:00.000000Z",
    "settled_at": None,
}


def _applied(members: dict[str, Any]) -> OpenApiExample:
    value = {
        **_COMMANDED,
        **members,
        "status": "applied",
        "settled_at": "2026-01-02T12:30:00.012000Z",
    }
    return _answer("applied", "With `Prefer: wait=N`: decided in time", value)


CAPTURE = [
    _request("part", "Take a part; the rest is released", {"amount": 2000}),
    _request("all", "Take all of it", {}),
    _answer("accepted", "Accepted; the ledger decides later", _COMMANDED, 202),
    _applied({}),
]
VOID = [
    _request("void", "Release it", {}),
    _answer(
        "accepted",
        "Accepted; the ledger decides later",
        {**_COMMANDED, "type": "void", "amount": None},
        202,
    ),
    _applied({"type": "void", "amount": None}),
]
REVERSE = [
    _request("part", "Give back a part", {"amount": 500, "reason": "The soup was cold."}),
    _request("all", "Give back all that is left", {}),
    _answer(
        "accepted",
        "Accepted; the ledger decides later",
        {**_COMMANDED, "type": "reverse", "amount": 500},
        202,
    ),
    _applied({"type": "reverse", "amount": 500}),
]
COMMAND = [
    _answer(
        "applied",
        "The ledger has followed it",
        {**_COMMANDED, "status": "applied", "settled_at": "2026-01-02T12:30:00.012000Z"},
    ),
    _answer(
        "rejected",
        "The ledger said no",
        {
            **_COMMANDED,
            "status": "rejected",
            "rejection_code": "hold_expired",
            "settled_at": "2026-01-02T12:30:00.012000Z",
        },
    ),
]

EVENT = {
    "type": "object",
    "description": "One event of the stream; `data` is the transaction as JSON.",
    "properties": {
        "id": {"type": "string", "description": "Send the last one as `Last-Event-ID`."},
        "event": {"const": "status"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer", "description": "Milliseconds before asking again."},
    },
}
EVENTS = [
    OpenApiExample(
        "posted",
        {"id": "posted-0", "event": "status", "data": json.dumps(_POSTED)},
        summary="How it is; the stream ends with the outcome",
        response_only=True,
        status_codes=["200"],
        media_type="text/event-stream",
    )
]
