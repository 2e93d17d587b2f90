"""Steps 6 to 9 of the road, the ledger's side: one batch of commands in, everything true after."""

from collections.abc import Mapping, Sequence
from itertools import chain
from uuid import UUID

import structlog
from django.db import connection, transaction

from common.outbox.append import outbox_messages, outbox_places_take, publisher_wake
from transactions.ledger import accounts, originals, posting
from transactions.ledger.engine import (
    Command,
    accounts_touched,
    decide,
    transactions_touched,
)
from transactions.ledger.errors import HouseTotalsFull
from transactions.ledger.events import accounts_opened_events, outcome_events

log = structlog.get_logger(__name__)


def ledger_apply(*, commands: Sequence[Command]) -> None:
    """
    Decide commands in order, record every decision and announce every outcome.

    In the caller's transaction, with a handful of statements whatever the number of commands.
    A refusal is recorded and announced like any other outcome.

    Raises:
        TransactionAlreadyRecorded: one of the ids has its decision; roll everything back.
    """
    if not commands:
        return
    try:
        with transaction.atomic():
            _apply(commands, house_exact=False)
    except HouseTotalsFull:
        log.warning("house_totals_full", commands=len(commands))
        with transaction.atomic():
            _apply(commands, house_exact=True)


def user_replicas_save(*, statuses: Mapping[UUID, str]) -> None:
    """Remember the status of users as last heard, in the caller's transaction."""
    if not statuses:
        return
    ordered = sorted(statuses)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_user_replica (id, status)
            SELECT * FROM unnest(%s::uuid[], %s::text[])
            ON CONFLICT (id) DO UPDATE SET status = excluded.status
            """,
            [ordered, [statuses[user_id] for user_id in ordered]],
        )


def _apply(commands: Sequence[Command], *, house_exact: bool) -> None:
    # Note [Lock order]: originals, then owners whose wallets are opened, then wallets, then
    # streams, then accounts of the house. The latter are shared by everybody, so they are locked
    # last and for the shortest time; `house_exact` takes them before the streams, and a deadlock
    # that comes of it is retried by the caller.
    transactions = originals.originals_lock(ids=transactions_touched(commands))
    touched = accounts_touched(commands, transactions)
    opened = accounts.accounts_open(keys=touched)
    locked = accounts.accounts_lock(keys=touched, house_exact=house_exact)
    recorded_at = accounts.recording_time(locked)
    decisions = decide(accounts=locked.by_key, transactions=transactions, commands=commands)

    news = list(accounts_opened_events(opened, commands))
    places = outbox_places_take(
        streams=[
            *(new.stream for new in news),
            *(command.source.stream for command in commands),
        ]
    )
    outcomes = outcome_events(decisions.outcomes, decided_at=recorded_at)
    posting.decisions_record(
        decisions,
        accounts=locked.by_key,
        recorded_at=recorded_at,
        announced=[outbox_messages(places=places, events=chain(news, outcomes))],
    )
    publisher_wake()
    originals.originals_update(decisions.transactions)
    accounts.wallets_update(decisions.accounts, recorded_at=recorded_at)
    accounts.house_update(decisions.accounts, before=locked.by_key, recorded_at=recorded_at)
