"""What the description of the ledger's API shows as answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ALICE = "0198c0de-1a00-7000-8000-00000000a11c"
_BOBS_WALLET = "0198c0de-2b00-7000-8000-000000000b0b"
_ALICES_WALLET = "0198c0de-2a00-7000-8000-00000000a11c"
_TRANSACTION = "0198c0de-7b1e-7c3e-9a51-5b0f6f1d2c3a"
_EVENT = "0198c0de-7b1f-7a44-8c02-9d1e0f2a3b4c"
_ACCEPTED_AT = "2026-01-02T12:00:00.000000Z"
_RECORDED_AT = "2026-01-02T12:00:00.010000Z"


def _answer(
    name: str, value: Any, *, summary: str = "", media_type: str = "application/json"
) -> list[OpenApiExample]:
    return [
        OpenApiExample(
            name,
            value,
            summary=summary,
            response_only=True,
            media_type=media_type,
            status_codes=["200"],
        )
    ]


_WALLET = {
    "id": _ALICES_WALLET,
    "owner": _ALICE,
    "currency": "EUR",
    "status": "open",
    "balance": {"posted": 7500, "pending": 1000, "available": 6500},
    "as_of": _RECORDED_AT,
}

ACCOUNT = _answer("wallet", _WALLET)
ACCOUNTS = _answer("page", {"data": [_WALLET], "has_more": False, "next_cursor": None})

STATEMENT = [
    *_answer(
        "page",
        {
            "account": _ALICES_WALLET,
            "currency": "EUR",
            "from": "2026-01-01T00:00:00Z",
            "to": None,
            "opening_balance": 10000,
            "closing_balance": 7500,
            "lines": [
                {
                    "transaction_id": _TRANSACTION,
                    "kind": "transfer",
                    "amount": -2500,
                    "balance_after": 7500,
                    "reference": "invoice-17",
                    "recorded_at": _RECORDED_AT,
                    "effective_at": _ACCEPTED_AT,
                }
            ],
            "has_more": False,
            "next_cursor": None,
        },
    ),
    *_answer(
        "table",
        "transaction_id,kind,amount,currency,balance_after,reference,recorded_at,effective_at\r\n"
        f"{_TRANSACTION},transfer,-2500,EUR,7500,invoice-17,{_RECORDED_AT},{_ACCEPTED_AT}\r\n",
        media_type="text/csv",
    ),
]

LEDGER_TRANSACTION = _answer(
    "posted",
    {
        "id": _TRANSACTION,
        "kind": "transfer",
        "state": "posted",
        "amount": 2500,
        "currency": "EUR",
        "pending_id": None,
        "reverses_id": None,
        "hold_expires_at": None,
        "captured_amount": 2500,
        "reversed_amount": 0,
        "postings": [
            {
                "account": _ALICES_WALLET,
                "direction": "debit",
                "amount": 2500,
                "layer": "posted",
                "balance_after": 7500,
            },
            {
                "account": _BOBS_WALLET,
                "direction": "credit",
                "amount": 2500,
                "layer": "posted",
                "balance_after": None,
            },
        ],
        "journal": [
            {
                "sequence": 42,
                "type": "posted",
                "from_state": "",
                "to_state": "posted",
                "code": "",
                "actor": f"user:{_ALICE}",
                "recorded_at": _RECORDED_AT,
                "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            }
        ],
        "commands": [],
        "source": {"event_id": _EVENT, "sequence": 7, "partition": 3, "offset": 1041},
    },
)
