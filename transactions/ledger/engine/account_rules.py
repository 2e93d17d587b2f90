"""What accounts allow."""

from transactions.ledger.engine.accounts import TOTAL_MAX, AccountState
from transactions.ledger.engine.decisions import Refusal


def leaving_refusal(account: AccountState) -> Refusal | None:
    """Why nothing may leave an account."""
    if account.status == "open":
        return None
    return Refusal.ACCOUNT_CLOSED if account.status == "closed" else Refusal.ACCOUNT_FROZEN


def spending_refusal(account: AccountState, amount: int) -> Refusal | None:
    """Why an amount may not leave what is available on an account, or not be held there."""
    if account.status != "open":
        return leaving_refusal(account)
    return Refusal.INSUFFICIENT_FUNDS if account.is_wallet and account.available < amount else None


def entering_refusal(account: AccountState) -> Refusal | None:
    """Why nothing may come into an account."""
    # A frozen wallet still takes money in: refusing would tell the payer of the freeze, and
    # what comes in cannot leave.
    return Refusal.ACCOUNT_CLOSED if account.status == "closed" else None


def total_refusal(total: int, amount: int) -> Refusal | None:
    """Why a total may not grow by an amount."""
    return None if total <= TOTAL_MAX - amount else Refusal.BALANCE_LIMIT_EXCEEDED
