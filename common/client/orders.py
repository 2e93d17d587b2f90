"""What can be asked for; amounts are minor units."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

Capture = Literal["automatic", "manual"]


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """
    What every kind of transaction has.

    With `capture="manual"` the money is held for `hold_expires_in_s` seconds, a week unless told
    otherwise. `reference` is unique among your transactions.
    """

    amount: int
    currency: str
    capture: Capture = "automatic"
    hold_expires_in_s: int | None = None
    reference: str | None = None
    description: str | None = None
    metadata: Mapping[str, str] | None = None


class Transfer(Order, frozen=True, tag="transfer"):
    """From your wallet to another user's."""

    counterparty: UUID


class Withdrawal(Order, frozen=True, tag="withdrawal"):
    """Out of your wallet."""


class Deposit(Order, frozen=True, tag="deposit"):
    """Into a user's wallet; for the treasury."""

    user: UUID


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which transactions to list: all that fit every member that is given."""

    status: str | None = None
    kind: str | None = None
    currency: str | None = None
    reference: str | None = None
    idempotency_key: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


def members_of(order: Order | Filters) -> dict[str, Any]:
    """The members that were given, as JSON has them."""
    found: dict[str, Any] = msgspec.to_builtins(order)
    return found
