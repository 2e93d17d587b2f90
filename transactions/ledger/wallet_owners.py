"""Step 8 of the road: whose wallets are opened and closed, under a lock for each of them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from transactions.ledger.models import WalletOwner


def wallet_owners_lock(*, owners: Collection[UUID]) -> None:
    """
    Lock the owners of wallets in the caller's transaction, sorted; the unknown become known.

    Call it before locking any of their wallets.
    """
    # Note [Closed owners]: a payer's batch may open the receiver's wallet while another consumer
    # closes the receiver, who has no such wallet yet. Neither would see the other's row, as it is
    # not committed. Both lock the owner first, so one of them comes second: closing then finds
    # the wallet and its money, or the wallet is born closed. `UserReplica` cannot be that row:
    # batches write it for their own users before anything else, and two users who pay each
    # other for the first time would wait for each other in a circle.
    with connection.cursor() as cursor:
        # Rows are inserted, and so locked, in the order of the array; the update changes nothing.
        cursor.execute(
            """
            INSERT INTO ledger_wallet_owner (id) SELECT unnest(%s::uuid[])
            ON CONFLICT (id) DO UPDATE SET id = excluded.id
            """,
            [sorted(owners)],
        )


def wallet_owner_close(*, owner: UUID, at: datetime) -> None:
    """Mark a locked owner, whose wallets are all closed; one who is marked stays as they are."""
    WalletOwner.objects.filter(pk=owner, closed_at=None).update(closed_at=at)
