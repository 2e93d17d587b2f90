"""Every route of the users service that changes something, with a body that it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.users.policy.rules import RULES

_ANYBODYS_ID = "01980000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Write:
    """
    A route that takes a body.

    `texts` and `amounts` are its members of these kinds; `known` are all that it has. A body may
    have `size_max` bytes.
    """

    pattern: str
    of: str = ""
    method: str = "POST"
    body: Mapping[str, object] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    keyed: bool = True
    size_max: int = 64 * 1024

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


_TRANSACTION = "api/v1/transactions/<uuid:transaction_id>"

WRITES = (
    Write(
        "api/v1/users/me",
        method="PATCH",
        body={"display_name": "Alice"},
        known=frozenset({"display_name"}),
        texts=("display_name",),
        keyed=False,
    ),
    Write("api/v1/users/me/close", keyed=False),
    Write(
        "api/v1/transactions",
        body={"kind": "withdrawal", "amount": 250, "currency": "EUR"},
        known=frozenset(
            {"kind", "amount", "currency", "counterparty", "user", "capture", "hold_expires_in_s",
             "reference", "description", "metadata"}
        ),
        texts=("kind", "currency", "reference", "description", "capture"),
        amounts=("amount",),
    ),
    # What is wrong with an item is said in its result: tests/users/submissions/test_batch.py.
    Write(
        "api/v1/transactions/batch",
        body={"items": [{"kind": "withdrawal", "amount": 250, "currency": "EUR"}]},
        known=frozenset({"items"}),
        keyed=False,
        size_max=1024 * 1024,
    ),
    Write(
        f"{_TRANSACTION}/capture",
        of="held",
        body={"amount": 1},
        known=frozenset({"amount"}),
        amounts=("amount",),
    ),
    Write(f"{_TRANSACTION}/void", of="held"),
    Write(
        f"{_TRANSACTION}/reverse",
        of="paid",
        body={"amount": 1, "reason": "Broken"},
        known=frozenset({"amount", "reason"}),
        texts=("reason",),
        amounts=("amount",),
    ),
)  # fmt: skip

INTERNAL_WRITES = (
    "internal/v1/announced/query",
    "internal/v1/requests/query",
    "internal/v1/staff/query",
    "internal/v1/streams/query",
)

FORMS = ("sign-on/token",)
"""What OpenID Connect has as a form: tests/e2e/test_sign_on.py."""

ALLAUTH = "_allauth/"
"""Its routes take allauth's bodies: tests/users/identity/test_auth_requests.py."""


def without_corpus() -> set[str]:
    """Public routes that take a body and are neither here nor allauth's."""
    taking = {rule.pattern for rule in RULES if rule.method in {"POST", "PUT", "PATCH", "DELETE"}}
    here = {write.pattern for write in WRITES} | {*INTERNAL_WRITES, *FORMS}
    return {pattern for pattern in taking - here if ALLAUTH not in pattern}
