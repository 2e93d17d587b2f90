"""
What becomes of accounts beside their postings: staff freeze and unfreeze them, closing ends them.

From a frozen wallet nothing leaves; money may still come in, and the holds on it may be released.
Every change is kept in `ledger_account_change` and announced on the owner's stream.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from common.db.clock import database_clock
from common.ids import uuid7
from common.outbox.append import outbox_append_many
from transactions.ledger.account_events import Motive, account_status_event
from transactions.ledger.errors import AccountOfTheHouse, AccountStatusUnfit, AccountUnknown
from transactions.ledger.models import Account, AccountChange

_STATUS = Account.Status


def account_freeze(*, account_id: UUID, actor: str, reason: str) -> Account:
    """
    Let nothing leave a wallet from now on.

    Its own transaction. What was decided before stays; holds stay and can be released.

    Raises:
        AccountUnknown: there is no such account.
        AccountOfTheHouse: it is no wallet.
        AccountStatusUnfit: it is not open.
    """
    return _change(account_id, _STATUS.OPEN, _STATUS.FROZEN, Motive(actor, reason, str(uuid7())))


def account_unfreeze(*, account_id: UUID, actor: str, reason: str) -> Account:
    """
    End the freeze of a wallet.

    Its own transaction. Raises as `account_freeze`; `AccountStatusUnfit` when it is not frozen.
    """
    return _change(account_id, _STATUS.FROZEN, _STATUS.OPEN, Motive(actor, reason, str(uuid7())))


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


@transaction.atomic(durable=True)
def _change(
    account_id: UUID, from_status: Account.Status, to: Account.Status, motive: Motive
) -> Account:
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise AccountUnknown
    if account.owner is None:
        raise AccountOfTheHouse
    if account.status != from_status:
        raise AccountStatusUnfit(f"The wallet is {account.status} and not {from_status}.")
    at = database_clock()
    accounts_change([account], to=to, at=at, motive=motive)
    outbox_append_many(events=[account_status_event(account, at=at, motive=motive)])
    return account
