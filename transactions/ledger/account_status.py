"""
What becomes of accounts beside their postings: staff freeze, unfreeze and close them.

From a frozen wallet nothing leaves; money may still come in, and the holds on it may be released.
Every change is kept in `ledger_account_change` and announced on the owner's stream.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from common.db.clock import database_clock
from common.ids import uuid7
from common.outbox.append import outbox_append_many
from transactions.ledger.account_events import Motive, account_status_event
from transactions.ledger.errors import (
    AccountNotEmpty,
    AccountOfTheHouse,
    AccountStatusUnfit,
    AccountUnknown,
)
from transactions.ledger.models import Account, AccountChange

_STATUS = Account.Status


def account_freeze(*, account_id: UUID, actor: str, reason: str) -> Account:
    """
    Let nothing leave a wallet from now on.

    One transaction, or a part of the caller's. What was decided before stays; holds stay and can
    be released.

    Raises:
        AccountUnknown: there is no such account.
        AccountOfTheHouse: it is no wallet.
        AccountStatusUnfit: it is not open.
    """
    return _change(account_id, _STATUS.OPEN, _STATUS.FROZEN, Motive(actor, reason, str(uuid7())))


def account_unfreeze(*, account_id: UUID, actor: str, reason: str) -> Account:
    """
    End the freeze of a wallet.

    One transaction, or a part of the caller's. Raises as `account_freeze`; `AccountStatusUnfit`
    when it is not frozen.
    """
    return _change(account_id, _STATUS.FROZEN, _STATUS.OPEN, Motive(actor, reason, str(uuid7())))


def account_close(*, account_id: UUID, actor: str, reason: str) -> Account:
    """
    End a wallet that is empty and free of holds; it is never opened again.

    One transaction, or a part of the caller's. Its owner stays, with their other wallets; closing
    all of somebody is `closing.user_close`. Raises as `account_freeze`, and `AccountNotEmpty`.
    """
    motive = Motive(actor, reason, str(uuid7()))
    return _change(account_id, _STATUS.OPEN, _STATUS.CLOSED, motive, check=_check_empty)


def accounts_change(
    accounts: Sequence[Account], *, to: Account.Status, at: datetime, motive: Motive
) -> None:
    """Write a status that locked accounts do not have yet, and the record of it."""
    changes = [
        AccountChange(
            account=account,
            from_status=account.status,
            to_status=to,
            actor=motive.actor,
            reason=motive.reason,
            cause=motive.cause,
            recorded_at=at,
        )
        for account in accounts
    ]
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(status=to)
    AccountChange.objects.bulk_create(changes)
    for account in accounts:
        account.status = to


@transaction.atomic
def _change(
    account_id: UUID,
    from_status: Account.Status,
    to: Account.Status,
    motive: Motive,
    *,
    check: Callable[[Account], None] = lambda _: None,
) -> Account:
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise AccountUnknown
    if account.owner is None:
        raise AccountOfTheHouse
    if account.status != from_status:
        raise AccountStatusUnfit(f"The wallet is {account.status} and not {from_status}.")
    check(account)
    at = database_clock()
    accounts_change([account], to=to, at=at, motive=motive)
    outbox_append_many(events=[account_status_event(account, at=at, motive=motive)])
    return account


def _check_empty(account: Account) -> None:
    if account.posted:
        raise AccountNotEmpty("There is money in the wallet.")
    if account.debits_pending or account.credits_pending:
        raise AccountNotEmpty("There are holds on the wallet, or on the way to it.")
