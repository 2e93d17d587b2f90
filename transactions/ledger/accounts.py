"""Step 8 of the road: open, lock and update the accounts that a batch touches."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.db import DataError, connection

from common.db.arrays import array_of
from common.db.clock import database_clock
from common.ids import uuid7
from transactions.ledger.engine import AccountKey, AccountState
from transactions.ledger.errors import HouseTotalsFull
from transactions.ledger.wallet_owners import wallet_owners_lock

_HOUSE_IDS = UUID("6f1c2a52-5d0b-5b6e-9a5b-0d6b8c0f4e11")
_TICK = timedelta(microseconds=1)


class OpenedAccount(NamedTuple):
    """An account that did not exist before this batch."""

    id: UUID
    key: AccountKey
    opened_at: datetime


class LockedAccounts(NamedTuple):
    """
    What the engine may judge on, and when something was last recorded on these wallets.

    `locked_at` is the database's clock, read after the last of the locks.
    """

    by_key: dict[AccountKey, AccountState]
    last_recorded_at: datetime | None
    locked_at: datetime


def house_account_id(role: str, currency: str) -> UUID:
    """The id of an account of the house: derived, so that posting to it needs no reading."""
    return uuid5(_HOUSE_IDS, f"{role}/{currency}")


def accounts_open(
    *, keys: Collection[AccountKey], opened_at: datetime | None = None
) -> list[OpenedAccount]:
    """
    Open those of the accounts that do not exist, in the caller's transaction.

    Now, unless the books are of a past that is made up.

    One pass sorted by `(owner, currency)`, after their owners: batches that open the same
    accounts at once wait for each other in the same order (P53). Of the ledger, only originals
    may be locked before. The wallet of somebody who is closed is born closed, and as it was
    never open it is not among those returned.
    """
    missing = _missing(keys)
    if not missing:
        return []
    wallet_owners_lock(owners={key.owner for key in missing if key.owner is not None})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_account (id, owner, role, currency, normal_side, status,
                debits_posted, credits_posted, debits_pending, credits_pending, opened_at)
            SELECT new.id, owner, role, currency,
                CASE WHEN owner IS NULL THEN 'debit' ELSE 'credit' END,
                CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END,
                0, 0, 0, 0, coalesce(%s, clock_timestamp())
            FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[])
                AS new (id, owner, role, currency)
            LEFT JOIN ledger_wallet_owner ON ledger_wallet_owner.id = owner
            ORDER BY owner, currency
            ON CONFLICT DO NOTHING
            RETURNING id, owner, role, currency, opened_at, status
            """,
            [opened_at, array_of([_new_id(key) for key in missing]), *_columns(missing)],
        )
        return [
            OpenedAccount(account_id, AccountKey(owner, role, currency), opened_at)
            for account_id, owner, role, currency, opened_at, status in cursor.fetchall()
            if status == "open"
        ]


def accounts_lock(*, keys: Collection[AccountKey], house_exact: bool) -> LockedAccounts:
    """
    Lock and read the wallets among these accounts, sorted by `(owner, currency)`.

    Accounts of the house come with totals of zero, unread and not locked, unless
    `house_exact`. Raises `KeyError` later, in the engine, for accounts that do not exist.
    """
    wallets = [key for key in keys if key.owner is not None]
    house = [key for key in keys if key.owner is None]
    by_key, last_recorded_at, locked_at = _read_locked(wallets)
    for key in house:
        by_key[key] = AccountState(house_account_id(key.role, key.currency), key)
    if house_exact:
        by_key.update(_house_locked(by_key[key] for key in house))
        locked_at = None
    return LockedAccounts(by_key, last_recorded_at, locked_at or database_clock())


def recording_time(locked: LockedAccounts) -> datetime:
    """
    The database's clock under the locks, but later than anything recorded on the wallets.

    So a balance as of a time is what a reader saw then, whatever the clock does (P54).
    """
    now, last = locked.locked_at, locked.last_recorded_at
    return now if last is None or now > last else last + _TICK


def wallets_update(accounts: Sequence[AccountState], *, recorded_at: datetime) -> None:
    """Write the totals of locked wallets."""
    wallets = [account for account in accounts if account.is_wallet]
    if not wallets:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE ledger_account AS account
            SET debits_posted = new.debits_posted, credits_posted = new.credits_posted,
                debits_pending = new.debits_pending, credits_pending = new.credits_pending,
                last_recorded_at = %s
            FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
                AS new (id, debits_posted, credits_posted, debits_pending, credits_pending)
            WHERE account.id = new.id
            """,
            [recorded_at, *_totals(wallets)],
        )


def house_update(
    accounts: Sequence[AccountState],
    *,
    before: Mapping[AccountKey, AccountState],
    recorded_at: datetime,
) -> None:
    """
    Add the batch's sums to the accounts of the house, sorted by currency.

    The last statement before COMMIT: everybody shares these rows. Raises `HouseTotalsFull`
    when a total would leave bigint.
    """
    house = sorted((a for a in accounts if not a.is_wallet), key=lambda a: a.key.currency)
    for account in house:
        old = before[account.key]
        sums = [
            account.debits_posted - old.debits_posted,
            account.credits_posted - old.credits_posted,
            account.debits_pending - old.debits_pending,
            account.credits_pending - old.credits_pending,
        ]
        _house_add(account.id, sums, recorded_at)


def _house_add(account_id: UUID, sums: Sequence[int], recorded_at: datetime) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE ledger_account
                SET debits_posted = debits_posted + %s, credits_posted = credits_posted + %s,
                    debits_pending = debits_pending + %s, credits_pending = credits_pending + %s,
                    last_recorded_at = greatest(last_recorded_at, %s)
                WHERE id = %s
                """,
                [*sums, recorded_at, account_id],
            )
    except DataError as error:
        raise HouseTotalsFull from error


def _missing(keys: Collection[AccountKey]) -> list[AccountKey]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT owner, role, currency
            FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS wanted (owner, role, currency)
            WHERE NOT EXISTS (
                SELECT FROM ledger_account AS wallet
                WHERE wallet.owner = wanted.owner AND wallet.currency = wanted.currency
            ) AND NOT EXISTS (
                SELECT FROM ledger_account AS house
                WHERE house.role = wanted.role AND house.currency = wanted.currency
                AND house.role <> ''
            )
            """,
            _columns(keys),
        )
        return [AccountKey(*row) for row in cursor.fetchall()]


def _read_locked(
    wallets: Sequence[AccountKey],
) -> tuple[dict[AccountKey, AccountState], datetime | None, datetime | None]:
    """Wallets as they are under their locks, when the last was recorded, and the clock then."""
    if not wallets:
        return {}, None, None
    owners, _, currencies = _columns(wallets)
    with connection.cursor() as cursor:
        cursor.execute(
            # A row is locked when it is fetched. The latest time of all is known when all of them
            # were, and the clock is read after that. One row has both: to read a time costs more
            # than all the rest of a row.
            """
            WITH held AS MATERIALIZED (
                SELECT account.id, owner, currency, status, debits_posted, credits_posted,
                    debits_pending, credits_pending, last_recorded_at
                FROM unnest(%s::uuid[], %s::text[]) AS wanted (owner, currency)
                JOIN ledger_account AS account USING (owner, currency)
                ORDER BY owner, currency
                FOR NO KEY UPDATE OF account
            )
            SELECT id, owner, currency, status, debits_posted, credits_posted,
                debits_pending, credits_pending,
                CASE WHEN row_number() OVER () = 1 THEN max(last_recorded_at) OVER () END,
                CASE WHEN row_number() OVER () = 1 THEN clock_timestamp() END
            FROM held
            """,
            [owners, currencies],
        )
        rows = cursor.fetchall()
    by_key = {}
    for account_id, owner, currency, status, *totals, _, _ in rows:
        key = AccountKey.wallet(owner, currency)
        by_key[key] = AccountState(account_id, key, status, *totals)
    return by_key, *(rows[0][-2:] if rows else (None, None))


def _house_locked(house: Iterable[AccountState]) -> dict[AccountKey, AccountState]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, role, currency, status, debits_posted, credits_posted,
                debits_pending, credits_pending
            FROM ledger_account WHERE id = ANY(%s) ORDER BY currency FOR NO KEY UPDATE
            """,
            [[account.id for account in house]],
        )
        return {
            (key := AccountKey.system(role, currency)): AccountState(
                account_id, key, status, *totals
            )
            for account_id, role, currency, status, *totals in cursor.fetchall()
        }


def _new_id(key: AccountKey) -> UUID:
    return uuid7() if key.owner is not None else house_account_id(key.role, key.currency)


def _columns(keys: Collection[AccountKey]) -> list[Any]:
    return [array_of([key[column] for key in keys]) for column in range(3)]


def _totals(accounts: Sequence[AccountState]) -> list[Any]:
    return [
        array_of([account.id for account in accounts]),
        array_of([account.debits_posted for account in accounts]),
        array_of([account.credits_posted for account in accounts]),
        array_of([account.debits_pending for account in accounts]),
        array_of([account.credits_pending for account in accounts]),
    ]
