"""Paying somebody who is being closed, on two connections: never money in a closed wallet."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connections, transaction

from common.db.transient import is_transient
from common.events.codec import event_decode
from common.events.contracts import UserCloseDecidedV1
from common.ids import uuid7
from common.outbox.models import OutboxMessage
from tests.common.test_lock_order import wait_until_somebody_waits
from tests.factories.commands import DepositFactory, SourceFactory, TransferFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, balance, books_differ, fund
from tests.transactions.test_parallel import apply_with_retry, in_parallel
from transactions.intake.batch import IntakeBatch
from transactions.ledger.closing import user_close
from transactions.ledger.models import Account, LedgerTransaction
from transactions.ledger.services import ledger_apply

pytestmark = pytest.mark.django_db(transaction=True)


def close(user_id):
    with transaction.atomic():
        user_close(source=SourceFactory(stream=user_id))


def decision(user_id):
    message = OutboxMessage.objects.get(stream=user_id, type=UserCloseDecidedV1.TYPE)
    event = event_decode(message.type, bytes(message.data))
    return event.closed, event.code


def state(payment):
    known = LedgerTransaction.objects.get(pk=payment.transaction_id)
    return known.state, known.rejection_code


def elsewhere(work):
    """Do something on a connection of its own."""
    try:
        work()
    finally:
        connections.close_all()


@pytest.fixture(params=["first use", "a wallet"])
def receiver(request):
    """Bob, with an empty wallet or with none yet."""
    fund(ALICE, 1_000)
    if request.param == "a wallet":
        apply(TransferFactory(amount=1))
        apply(TransferFactory(payer=BOB, receiver=ALICE, amount=1))
    return BOB


class TestPaymentBesideClosing:
    def test_that_comes_second_finds_the_wallet_closed(self, receiver):
        payment = TransferFactory(receiver=receiver)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                user_close(source=SourceFactory(stream=receiver))
                paying = pool.submit(elsewhere, lambda: apply(payment))
                wait_until_somebody_waits()
            paying.result(timeout=10)

        assert decision(receiver) == (True, None)
        assert state(payment) == ("rejected", "account_closed")
        assert Account.objects.get(owner=receiver).status == "closed"

    def test_that_comes_first_is_seen_by_the_closing(self, receiver):
        payment = TransferFactory(receiver=receiver)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                ledger_apply(commands=[payment])
                closing = pool.submit(elsewhere, lambda: close(receiver))
                wait_until_somebody_waits()
            closing.result(timeout=10)

        assert state(payment) == ("posted", "")
        assert decision(receiver) == (False, "balance_not_zero")
        assert Account.objects.get(owner=receiver).status == "open"

    def test_that_fails_leaves_no_trace_in_the_decision(self, receiver):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                ledger_apply(commands=[TransferFactory(receiver=receiver)])
                closing = pool.submit(elsewhere, lambda: close(receiver))
                wait_until_somebody_waits()
                transaction.set_rollback(True)
            closing.result(timeout=10)

        assert decision(receiver) == (True, None)


def test_many_at_once_leave_no_money_in_a_closed_wallet():
    fund(ALICE, 100_000)
    receivers = [uuid7() for _ in range(30)]
    payments = {one: TransferFactory(receiver=one) for one in receivers}

    def pay():
        for one in receivers:
            apply_with_retry([payments[one]])

    def close_all():
        for one in receivers:
            close(one)

    in_parallel(pay, close_all)

    for one in receivers:
        closed, _ = decision(one)
        assert state(payments[one])[0] == ("rejected" if closed else "posted")
        assert balance(one) == (0 if closed else 250)
    assert books_differ() == []


def test_batches_in_parts_beside_ordinary_ones_lose_nothing():
    owners = [uuid7() for _ in range(8)]
    for owner in owners:
        fund(owner, 10)

    def apply_in_parts():
        for owner in owners:
            batch = IntakeBatch()
            batch.commands.append(TransferFactory(payer=owner, receiver=ALICE, amount=10))
            batch.close_user(SourceFactory(stream=owner))
            batch.commands.append(TransferFactory(payer=BOB, receiver=owner, amount=1))
            write_with_retry(batch)

    def pay_around():
        for owner in reversed(owners):
            apply_with_retry(
                [
                    DepositFactory(owner=BOB, amount=3),
                    TransferFactory(payer=BOB, receiver=owner, amount=2),
                    TransferFactory(payer=ALICE, receiver=owner, amount=1),
                ]
            )

    in_parallel(apply_in_parts, pay_around, pay_around)

    for owner in owners:
        closed, code = decision(owner)
        assert code in (None, "balance_not_zero")
        assert Account.objects.get(owner=owner).status == ("closed" if closed else "open")
        assert not closed or balance(owner) == 0
    assert books_differ() == []


def write_with_retry(batch):
    """A batch as the consumer applies it: transient errors are tried again, whole."""
    while True:
        try:
            with transaction.atomic():
                batch.write()
        except OperationalError as error:
            if not is_transient(error):
                raise
        else:
            return
