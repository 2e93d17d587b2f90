"""Balances of wallets: as they are, and as they were at a moment."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from transactions.ledger.models import Account, Posting

# Note [As of]: everything on a wallet is recorded under its lock, each batch later than the one
# before, and shows when it commits, a little after. So whoever reads the row of a wallet sees
# all that was recorded up to its `last_recorded_at`, and what is being committed at that very
# time is later. That moment is what a balance is as of, and asking for it again gives the same
# balance for ever. The clock would not do: a batch may be recorded before it is read and commit
# after the snapshot.


class Reading(NamedTuple):
    """
    A wallet and its balance as of a moment, in minor units.

    `pending` is what open holds would take. The wallet's status is today's.
    """

    account: Account
    posted: int
    pending: int
    as_of: datetime

    @property
    def available(self) -> int:
        """Minor units that could be spent at that moment."""
        return self.posted - self.pending


def wallets_of(*, owner: UUID, as_of: datetime | None = None) -> QuerySet[Account]:
    """A user's wallets; with a moment, those that were open then. For `reading_of`."""
    wallets = Account.objects.filter(owner=owner)
    if as_of is None:
        return wallets
    return wallets.filter(opened_at__lte=as_of).annotate(
        posted_then=_last_balance(Posting.Layer.POSTED, as_of),
        pending_then=_last_balance(Posting.Layer.PENDING, as_of),
    )


def reading_of(wallet: Any, *, as_of: datetime | None = None) -> Reading:
    """
    The balance of one of `wallets_of`, which was asked for the same moment.

    Without a moment it is the balance now, as of the last change of the wallet; see Note [As of].
    """
    if as_of is not None:
        return Reading(wallet, wallet.posted_then, wallet.pending_then, as_of)
    last = wallet.last_recorded_at or wallet.opened_at
    return Reading(wallet, wallet.posted, wallet.pending, last)


def wallet_get(*, account_id: UUID, owner: UUID) -> Account | None:
    """A user's wallet; None for anybody else's, as if it did not exist."""
    return wallets_of(owner=owner).filter(pk=account_id).first()


def wallet_read(*, account_id: UUID, owner: UUID, as_of: datetime | None = None) -> Reading | None:
    """The balance of a user's wallet; None for another's, and for one that was not open then."""
    wallet = wallets_of(owner=owner, as_of=as_of).filter(pk=account_id).first()
    return None if wallet is None else reading_of(wallet, as_of=as_of)


def present_for(*, owner: UUID) -> datetime:
    """
    The latest moment that a user may ask for: the database's clock.

    Or the last thing recorded on their wallets, if the clock was set back since.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT greatest(clock_timestamp(), max(last_recorded_at))
            FROM ledger_account WHERE owner = %s
            """,
            [owner],
        )
        present: datetime = cursor.fetchone()[0]
    return present


def _last_balance(layer: Posting.Layer, as_of: datetime) -> Coalesce:
    """What the last posting of a layer left; one look into `posting_by_account_layer_time`."""
    last = (
        Posting.objects.filter(account=OuterRef("pk"), layer=layer, recorded_at__lte=as_of)
        .order_by("-recorded_at", "-id")
        .values("balance_after")[:1]
    )
    return Coalesce(Subquery(last), Value(0))
