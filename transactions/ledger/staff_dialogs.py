"""What staff do to wallets from the console, each by the service that the command uses."""

from typing import Any

from common.money import money_display
from common.staff.dialogs import Ask, Dialog
from transactions.ledger.account_status import account_close, account_freeze, account_unfreeze
from transactions.ledger.models import Account

_STATUS = Account.Status


def _freeze(account: Account, ask: Ask) -> str:
    account_freeze(account_id=account.pk, actor=ask.staff.actor, reason=ask.reason)
    return f"{account} is frozen."


def _unfreeze(account: Account, ask: Ask) -> str:
    account_unfreeze(account_id=account.pk, actor=ask.staff.actor, reason=ask.reason)
    return f"{account} is open again."


def _close(account: Account, ask: Ask) -> str:
    account_close(account_id=account.pk, actor=ask.staff.actor, reason=ask.reason)
    return f"{account} is closed."


def _status(account: Account) -> dict[str, Any]:
    return {"status": account.status}


def _balance(account: Account) -> str:
    posted = money_display(account.posted, account.currency)
    held = money_display(account.pending, account.currency)
    return f"It has {posted}, of which {held} is held."


def _is_wallet(account: Account, status: Account.Status) -> bool:
    return account.owner is not None and account.status == status


FREEZE = Dialog[Account](
    action="account.freeze",
    label="Freeze",
    permission="ledger.freeze_account",
    tells=lambda account: (
        "Nothing leaves this wallet from now on; money may still come in.",
        "Holds on it stay, and can be released.",
        _balance(account),
    ),
    act=_freeze,
    state=_status,
    fits=lambda account: _is_wallet(account, _STATUS.OPEN),
    icon="ac_unit",
    dangerous=True,
    rehearsed=True,
)
UNFREEZE = Dialog[Account](
    action="account.unfreeze",
    label="Unfreeze",
    permission="ledger.freeze_account",
    tells=lambda account: ("Money may leave this wallet again.", _balance(account)),
    act=_unfreeze,
    state=_status,
    fits=lambda account: _is_wallet(account, _STATUS.FROZEN),
    icon="sunny",
    rehearsed=True,
)
CLOSE = Dialog[Account](
    action="account.close",
    label="Close",
    permission="ledger.close_account",
    tells=lambda account: (
        "Nothing enters or leaves this wallet any more, and it is never opened again.",
        "Refused unless it is empty and free of holds.",
        _balance(account),
    ),
    act=_close,
    state=_status,
    fits=lambda account: _is_wallet(account, _STATUS.OPEN),
    icon="lock",
    dangerous=True,
    rehearsed=True,
)
