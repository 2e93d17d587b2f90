"""What a client orders, in canonical form, so that two bodies that mean the same are the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any
from uuid import UUID

from common.events.contracts import Capture, Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """
    The body of a POST after validation, with its defaults.

    `user` is the owner of the wallet, and of the stream. `hold_expires_in_s` is how long a hold
    lives, None without one. The order of the members is the order in which a difference is
    reported.
    """

    kind: Kind
    amount: int
    currency: str
    user: UUID
    counterparty: UUID | None = None
    capture: Capture = "automatic"
    hold_expires_in_s: int | None = None
    reference: str | None = None
    description: str | None = None
    metadata: Mapping[str, str]

    def fingerprint(self) -> str:
        """SHA-256 over the canonical JSON of all members."""
        members = {name: getattr(self, name) for name in FIELDS}
        # Keys that were used before there were holds keep their fingerprints.
        if self.hold_expires_in_s is None:
            del members["hold_expires_in_s"]
        return _digest(members)


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandOrder:
    """
    What is to be done with a transaction; without an amount, with all that remains.

    The order of the members is the order in which a difference is reported.
    """

    type: str
    amount: int | None = None
    reason: str | None = None

    def fingerprint(self) -> str:
        """SHA-256 over the canonical JSON of all members."""
        return _digest({"type": self.type, "amount": self.amount, "reason": self.reason})


FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Order))
COMMAND_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(CommandOrder))
_ENCODER = json.JSONEncoder(default=str, sort_keys=True, separators=(",", ":"))


def _digest(members: Mapping[str, Any]) -> str:
    return sha256(_ENCODER.encode(members).encode()).hexdigest()
