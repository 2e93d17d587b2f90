"""The engine's working copy of the accounts that a batch touches."""

from collections.abc import Mapping

from transactions.ledger.engine.accounts import TOTAL_MAX, AccountKey, AccountState
from transactions.ledger.engine.decisions import Leg


class Book:
    """
    Applies legs to copies of accounts, so that the caller's own stay as they were read.

    It moves numbers and knows no rule; the rules are in `decide`.
    """

    def __init__(self, accounts: Mapping[AccountKey, AccountState]) -> None:
        self._read = accounts
        self._changed: dict[AccountKey, AccountState] = {}

    def account(self, key: AccountKey) -> AccountState:
        """An account as it is by now. Raises `KeyError` when the caller did not provide it."""
        return self._changed.get(key) or self._read[key]

    def changed(self) -> list[AccountState]:
        """The accounts that legs were applied to."""
        return list(self._changed.values())

    def debit(self, key: AccountKey, amount: int) -> Leg:
        account = self._take(key)
        account.debits_posted += amount
        return Leg(account, "debit", "posted", amount, _balance(account))

    def credit(self, key: AccountKey, amount: int) -> Leg:
        account = self._take(key)
        account.credits_posted += amount
        return Leg(account, "credit", "posted", amount, _balance(account))

    def _take(self, key: AccountKey) -> AccountState:
        account = self._changed.get(key)
        if account is None:
            account = self._changed[key] = self._read[key].copy()
        return account


def fits(total: int, amount: int) -> bool:
    """Whether a total can still grow by an amount."""
    return total <= TOTAL_MAX - amount


def _balance(account: AccountState) -> int | None:
    return account.credits_posted - account.debits_posted if account.is_wallet else None
