"""Step 8 of the road for a user who asks to be closed: all wallets are closed, or none is."""

from collections.abc import Sequence

from common.db.clock import database_clock
from common.outbox.append import outbox_append_many
from transactions.ledger.account_events import Motive, account_status_event, close_decided_event
from transactions.ledger.account_status import accounts_change
from transactions.ledger.engine import Source
from transactions.ledger.models import DISCARDED, Account
from transactions.ledger.wallet_owners import wallet_owner_close, wallet_owners_lock

_REASON = "The user asked to be closed."
_STATUS = Account.Status


def user_close(*, source: Source) -> None:
    """
    Close all wallets of the user whose stream it is, or refuse, in the caller's transaction.

    Refused while there is money (`balance_not_zero`), while there are holds, also incoming ones
    (`open_holds`), and while a wallet is frozen (`account_frozen`). Who has no wallet is
    closed too: none will be opened any more. Asked again afterwards, the answer is the same.
    """
    wallet_owners_lock(owners=[source.stream])
    wallets = _wallets_lock(source)
    code = _refusal(wallets)
    at = database_clock()
    events = [close_decided_event(source=source, code=code, at=at)]
    if code is None:
        motive = Motive.of(source, reason=_REASON)
        left = [wallet for wallet in wallets if wallet.status != _STATUS.CLOSED]
        accounts_change(left, to=_STATUS.CLOSED, at=at, motive=motive)
        wallet_owner_close(owner=source.stream, at=at)
        closed = [account_status_event(wallet, at=at, motive=motive) for wallet in left]
        events = [*closed, *events]
    outbox_append_many(events=events)


def user_close_discard(*, source: Source) -> None:
    """Refuse to close a user because staff discard the event that asked for it."""
    at = database_clock()
    outbox_append_many(events=[close_decided_event(source=source, code=DISCARDED, at=at)])


def _wallets_lock(source: Source) -> list[Account]:
    wallets = Account.objects.select_for_update(no_key=True).filter(owner=source.stream)
    return list(wallets.order_by("currency"))


def _refusal(wallets: Sequence[Account]) -> str | None:
    if any(wallet.posted for wallet in wallets):
        return "balance_not_zero"
    if any(wallet.debits_pending or wallet.credits_pending for wallet in wallets):
        return "open_holds"
    if any(wallet.status == _STATUS.FROZEN for wallet in wallets):
        return "account_frozen"
    return None
