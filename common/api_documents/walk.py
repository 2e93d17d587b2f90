"""A walk through the API in a useful order, for the files that people send requests from."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Step(NamedTuple):
    """
    One request of the walk.

    `caller` is whose access token goes with it. Texts may name what a step before has kept, as
    `{{name}}`; `keeps` says which members of the answer are kept, by name, a member being a path
    such as `data[0].id`. `until` is a status that the step is repeated for, because the ledger
    decides later. `headers` are sent beside those that the operation needs.
    """

    name: str
    operation: str
    text: str
    caller: str | None = None
    path: Mapping[str, str] = {}
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = {}
    keeps: Mapping[str, str] = {}
    until: str | None = None


def _signed_in(name: str) -> dict[str, str]:
    return {f"{name}_token": "meta.access_token", f"{name}_id": "data.user.id"}


REST = {
    "token": "{{bob_token}}",
    "transaction_id": "{{payment_id}}",
    "command_id": "{{capture_id}}",
    "account_id": "{{wallet_id}}",
}
"""What requests beside the walk are sent with."""

WALK = (
    Step(
        "sign_up_alice",
        "auth_signup_post",
        "Alice makes an account; locally she is signed in at once.",
        body={"email": "alice-{{$guid}}@example.com", "password": "correct-horse-battery-staple"},
        keeps=_signed_in("alice"),
    ),
    Step(
        "sign_up_bob",
        "auth_signup_post",
        "And Bob.",
        body={"email": "bob-{{$guid}}@example.com", "password": "correct-horse-battery-staple"},
        keeps=_signed_in("bob"),
    ),
    Step(
        "log_in_treasury",
        "auth_login_post",
        "The treasury signs in; `./manage_all.sh up` shows its password.",
        body={"email": "treasury@example.com", "password": "{{treasury_password}}"},
        keeps=_signed_in("treasury"),
    ),
    Step("profile", "profile_get", "Who Alice is.", caller="alice"),
    Step(
        "deposit",
        "transaction_submit",
        "The treasury puts 100 EUR into Alice's wallet: 202, and the ledger decides.",
        caller="treasury",
        body={"kind": "deposit", "amount": 10000, "currency": "EUR", "user": "{{alice_id}}"},
        keeps={"deposit_id": "id"},
    ),
    Step(
        "deposited",
        "transaction_get",
        "What became of it; ask again until it is `posted`.",
        caller="treasury",
        path={"transaction_id": "{{deposit_id}}"},
        until="posted",
    ),
    Step(
        "hold",
        "transaction_submit",
        "Alice holds 25 EUR for Bob for an hour.",
        caller="alice",
        body={
            "kind": "transfer",
            "amount": 2500,
            "currency": "EUR",
            "counterparty": "{{bob_id}}",
            "capture": "manual",
            "hold_expires_in_s": 3600,
            "description": "Dinner",
        },
        keeps={"payment_id": "id"},
    ),
    Step(
        "held",
        "transaction_get",
        "Ask again until it is `authorised`.",
        caller="alice",
        path={"transaction_id": "{{payment_id}}"},
        until="authorised",
    ),
    Step(
        "capture",
        "transaction_capture",
        "20 EUR move, the rest is released.",
        caller="alice",
        path={"transaction_id": "{{payment_id}}"},
        body={"amount": 2000},
        keeps={"capture_id": "id"},
    ),
    Step(
        "captured",
        "transaction_command_get",
        "Ask again until it is `applied`.",
        caller="alice",
        path={"transaction_id": "{{payment_id}}", "command_id": "{{capture_id}}"},
        until="applied",
    ),
    Step(
        "books",
        "ledger_transactions_read",
        "What the ledger knows: postings, journal, and the event that it came from.",
        caller="alice",
        path={"transaction_id": "{{payment_id}}"},
    ),
    Step(
        "wallets",
        "accounts_list",
        "Alice's wallets and what they hold.",
        caller="alice",
        keeps={"wallet_id": "data[0].id"},
    ),
    Step(
        "wallet",
        "accounts_read",
        "One of them.",
        caller="alice",
        path={"account_id": "{{wallet_id}}"},
    ),
    Step(
        "statement",
        "accounts_statement",
        "What moved her money, line by line.",
        caller="alice",
        path={"account_id": "{{wallet_id}}"},
    ),
    Step(
        "refund",
        "transaction_reverse",
        "Bob gives 5 EUR back.",
        caller="bob",
        path={"transaction_id": "{{payment_id}}"},
        body={"amount": 500, "reason": "The soup was cold."},
    ),
    Step(
        "second_hold",
        "transaction_submit",
        "Another hold. With `Prefer: wait` the answer waits for it: 200, and `authorised`.",
        caller="alice",
        headers={"Prefer": "wait=5"},
        body={
            "kind": "transfer",
            "amount": 1000,
            "currency": "EUR",
            "counterparty": "{{bob_id}}",
            "capture": "manual",
        },
        keeps={"hold_id": "id"},
    ),
    Step(
        "void",
        "transaction_void",
        "Alice releases it, and waits until that is done.",
        caller="alice",
        headers={"Prefer": "wait=5"},
        path={"transaction_id": "{{hold_id}}"},
        body={},
    ),
    Step(
        "events",
        "transaction_events",
        "What becomes of it, as it happens: server-sent events, until there is no more to come.",
        caller="alice",
        path={"transaction_id": "{{hold_id}}"},
    ),
    Step(
        "batch",
        "transaction_submit_batch",
        "Two payments at once. The second has no key: it is refused, and stops no other.",
        caller="alice",
        body={
            "items": [
                {
                    "idempotency_key": "{{$guid}}",
                    "kind": "transfer",
                    "amount": 100,
                    "currency": "EUR",
                    "counterparty": "{{bob_id}}",
                },
                {
                    "kind": "transfer",
                    "amount": 200,
                    "currency": "EUR",
                    "counterparty": "{{bob_id}}",
                },
            ]
        },
    ),
    Step("history", "transaction_list", "Everything Alice asked for.", caller="alice"),
    Step("log_out", "auth_session_delete", "Alice signs out.", caller="alice"),
)
