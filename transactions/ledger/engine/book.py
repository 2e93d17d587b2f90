"""The engine's working copy of the accounts and transactions that a batch touches."""

from collections.abc import Mapping
from uuid import UUID

from transactions.ledger.engine.accounts import AccountKey, AccountState
from transactions.ledger.engine.decisions import Change, Leg
from transactions.ledger.engine.transactions import State, TransactionState


class Book:
    """
    Changes copies, so that the caller's own accounts and transactions stay as they were read.

    It moves numbers and knows no rule; the rules are in the modules beside.
    """

    def __init__(
        self,
        accounts: Mapping[AccountKey, AccountState],
        transactions: Mapping[UUID, TransactionState],
    ) -> None:
        self._accounts = {key: account.copy() for key, account in accounts.items()}
        self._touched: dict[int, AccountState] = {}
        self._transactions = transactions
        self._changed_transactions: dict[UUID, TransactionState] = {}
        self.created: dict[UUID, TransactionState] = {}

    def account(self, key: AccountKey) -> AccountState:
        """An account as it is by now. Raises `KeyError` when the caller did not provide it."""
        return self._accounts[key]

    def transaction(self, transaction_id: UUID) -> TransactionState | None:
        """A transaction as it is by now, None when there is none."""
        return (
            self.created.get(transaction_id)
            or self._changed_transactions.get(transaction_id)
            or self._transactions.get(transaction_id)
        )

    def changed_accounts(self) -> list[AccountState]:
        """The accounts that legs were applied to."""
        return list(self._touched.values())

    def changed_transactions(self) -> list[TransactionState]:
        """The transactions that were given and changed since."""
        return list(self._changed_transactions.values())

    def enter(self, transaction: TransactionState) -> None:
        """Let later commands of this batch find a transaction that is new in it."""
        self.created[transaction.id] = transaction

    def move(self, debit: AccountKey, credit: AccountKey, amount: int) -> tuple[Leg, Leg]:
        """Move money for good."""
        payer = self._take(debit)
        payer.debits_posted += amount
        receiver = self._take(credit)
        receiver.credits_posted += amount
        return (
            Leg(payer, "debit", "posted", amount, _balance(payer)),
            Leg(receiver, "credit", "posted", amount, _balance(receiver)),
        )

    def hold(self, debit: AccountKey, credit: AccountKey, amount: int) -> tuple[Leg, Leg]:
        """Set money aside on the pending layer."""
        payer = self._take(debit)
        payer.debits_pending += amount
        receiver = self._take(credit)
        receiver.credits_pending += amount
        return (
            Leg(payer, "debit", "pending", amount, _held(payer)),
            Leg(receiver, "credit", "pending", amount, _held(receiver)),
        )

    def release(self, debit: AccountKey, credit: AccountKey, amount: int) -> tuple[Leg, Leg]:
        """Take back what `hold` set aside, by legs the other way round."""
        payer = self._take(debit)
        payer.debits_pending -= amount
        receiver = self._take(credit)
        receiver.credits_pending -= amount
        return (
            Leg(payer, "credit", "pending", amount, _held(payer)),
            Leg(receiver, "debit", "pending", amount, _held(receiver)),
        )

    def change(
        self, original: TransactionState, to_state: State, *, captured: int = 0, reversed_: int = 0
    ) -> Change:
        """Bring a transaction into another state and add to its amounts."""
        changed = self._take_transaction(original)
        from_state, changed.state = changed.state, to_state
        changed.captured_amount += captured
        changed.reversed_amount += reversed_
        return Change(
            changed.id, from_state, to_state, changed.captured_amount, changed.reversed_amount
        )

    def _take(self, key: AccountKey) -> AccountState:
        account = self._accounts[key]
        self._touched[id(account)] = account
        return account

    def _take_transaction(self, transaction: TransactionState) -> TransactionState:
        if transaction.id in self.created:
            return transaction
        taken = self._changed_transactions.get(transaction.id)
        if taken is None:
            taken = self._changed_transactions[transaction.id] = transaction.copy()
        return taken


def _balance(account: AccountState) -> int | None:
    return account.credits_posted - account.debits_posted if account.is_wallet else None


def _held(account: AccountState) -> int | None:
    return account.debits_pending if account.is_wallet else None
