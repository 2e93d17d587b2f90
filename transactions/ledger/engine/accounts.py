"""Accounts as the engine sees them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

TOTAL_MAX = 2**63 - 1
"""The largest total of an account: what the database's bigint holds."""

AccountStatus = Literal["open", "frozen", "closed"]


class AccountKey(NamedTuple):
    """A wallet (`owner`) or an account of the house (`role`), in one currency."""

    owner: UUID | None
    role: str
    currency: str

    @classmethod
    def wallet(cls, owner: UUID, currency: str) -> "AccountKey":
        return cls(owner, "", currency)

    @classmethod
    def system(cls, role: str, currency: str) -> "AccountKey":
        return cls(None, role, currency)


@dataclass(slots=True)
class AccountState:
    """
    The totals of one account, in minor units; never negative.

    The totals of an account of the house may start at zero instead of its real ones, and then
    go below: no rule looks at its balance, only the changes are taken from it.
    """

    id: UUID
    key: AccountKey
    status: AccountStatus = "open"
    debits_posted: int = 0
    credits_posted: int = 0
    debits_pending: int = 0
    credits_pending: int = 0

    @property
    def is_wallet(self) -> bool:
        return self.key.owner is not None

    @property
    def available(self) -> int:
        """What a wallet can spend: posted minus what open holds would take."""
        return self.credits_posted - self.debits_posted - self.debits_pending

    def copy(self) -> "AccountState":
        return AccountState(
            self.id,
            self.key,
            self.status,
            self.debits_posted,
            self.credits_posted,
            self.debits_pending,
            self.credits_pending,
        )
