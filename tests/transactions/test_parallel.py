"""Several consumers at once, on real connections with real commits."""

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections, transaction

from common.db.transient import is_transient
from common.ids import uuid7
from common.outbox.models import OutboxMessage
from tests.factories.commands import DepositFactory, TransferFactory, WithdrawalFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, balance, books_differ, fund
from transactions.ledger.models import Account, LedgerTransaction
from transactions.ledger.services import ledger_apply

_OWNERS = 300

pytestmark = pytest.mark.django_db(transaction=True)


def apply_with_retry(commands):
    """One batch as the consumer applies it: transient errors are tried again, whole."""
    while True:
        try:
            apply(*commands)
        except OperationalError as error:
            if not is_transient(error):
                raise
        else:
            return


def in_parallel(*works):
    """Run all at once, each on a connection of its own; raises what one of them raised."""
    barrier = threading.Barrier(len(works))

    def run(work):
        try:
            barrier.wait(timeout=10)
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result(timeout=60)


def apply_and_leave(commands):
    """One batch in a thread, whose connection is closed after it."""
    try:
        apply(*commands)
    finally:
        connections.close_all()


def wait_until_somebody_waits():
    deadline = time.monotonic() + 10
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
    pytest.fail("nobody waits")


class TestParallelBatches:
    def test_apply_opposite_transfers_without_losing_any(self):
        fund(ALICE, 1_000)
        fund(BOB, 1_000)

        def pay(payer, receiver):
            for _ in range(20):
                apply_with_retry(
                    [TransferFactory(payer=payer, receiver=receiver, amount=3) for _ in range(5)]
                )

        in_parallel(lambda: pay(ALICE, BOB), lambda: pay(BOB, ALICE))

        assert (balance(ALICE), balance(BOB)) == (1_000, 1_000)
        assert LedgerTransaction.objects.filter(state="posted").count() == 202
        assert books_differ() == []

    def test_open_the_same_accounts_at_once_without_a_deadlock(self):
        owners = [uuid7() for _ in range(_OWNERS)]
        batches = [
            [DepositFactory(owner=one, amount=1) for one in random.sample(owners, len(owners))]
            for _ in range(4)
        ]

        in_parallel(*[lambda batch=batch: apply(*batch) for batch in batches])

        assert {account.available for account in Account.objects.exclude(owner=None)} == {4}
        assert Account.objects.count() == _OWNERS + 1
        assert OutboxMessage.objects.filter(type="account_opened.v1").count() == _OWNERS
        assert books_differ() == []

    def test_lock_wallets_sorted_by_owner(self):
        owners = sorted(uuid7() for _ in range(5))
        apply(*[DepositFactory(owner=owner, amount=10) for owner in owners])
        payments = [
            TransferFactory(payer=owners[n], receiver=owners[n - 1], amount=1) for n in range(5)
        ]

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                locked = Account.objects.select_for_update(no_key=True).filter(owner=owners[2])
                assert len(locked) == 1
                batch = pool.submit(apply_and_leave, payments)
                wait_until_somebody_waits()
                free = Account.objects.select_for_update(no_key=True, skip_locked=True).filter(
                    owner__in=owners
                )
                assert {account.owner for account in free} == set(owners[2:])
            batch.result(timeout=10)

        assert {balance(owner) for owner in owners} == {10}

    def test_never_spend_more_than_there_is(self):
        fund(ALICE, 10)

        def spend():
            for _ in range(10):
                apply_with_retry([WithdrawalFactory(amount=1)])

        in_parallel(*[spend] * 5)

        posted = LedgerTransaction.objects.filter(kind="withdrawal", state="posted")
        assert posted.count() == 10
        assert balance(ALICE) == 0
        assert LedgerTransaction.objects.filter(state="rejected").count() == 40

    def test_move_money_among_many_and_keep_the_sum(self):
        owners = [uuid7() for _ in range(10)]
        for owner in owners:
            fund(owner, 100)

        amounts = itertools.cycle(range(1, 60))

        def trade():
            for _ in range(15):
                pairs = [random.sample(owners, 2) for _ in range(20)]
                apply_with_retry(
                    [TransferFactory(payer=a, receiver=b, amount=next(amounts)) for a, b in pairs]
                )

        in_parallel(*[trade] * 4)

        assert sum(balance(owner) for owner in owners) == 1_000
        assert books_differ() == []

    def test_record_later_what_got_the_wallet_later_although_it_began_earlier(self):
        fund(ALICE, 1_000)
        begun, committed = threading.Event(), threading.Event()
        early, late = TransferFactory(amount=1), TransferFactory(amount=1)
        seen = []

        def first():
            assert begun.wait(10)
            apply(early)
            committed.set()

        def second():
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT now()")
                begun.set()
                assert committed.wait(10)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT clock_timestamp()")
                    seen.extend(cursor.fetchone())
                ledger_apply(commands=[late])

        in_parallel(first, second)

        recorded = dict(LedgerTransaction.objects.values_list("id", "recorded_at"))
        assert recorded[early.transaction_id] < seen[0] < recorded[late.transaction_id]
