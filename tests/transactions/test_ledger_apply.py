import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from common.events.codec import event_decode
from common.ids import uuid7
from common.money import AMOUNT_MAX
from common.outbox.models import OutboxMessage
from tests.factories.commands import (
    DepositFactory,
    SourceFactory,
    TransferFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB, NOON
from tests.transactions.books import apply, balance, books_differ, fund
from transactions.ledger.engine.accounts import TOTAL_MAX
from transactions.ledger.errors import TransactionAlreadyRecorded
from transactions.ledger.models import Account, JournalEntry, LedgerTransaction, Posting
from transactions.ledger.services import ledger_apply

pytestmark = pytest.mark.django_db


def events_of(stream):
    """What was announced on a stream, decoded and in order."""
    messages = OutboxMessage.objects.filter(stream=stream).order_by("sequence")
    assert [message.sequence for message in messages] == list(range(1, len(messages) + 1))
    return [event_decode(message.type, bytes(message.data)) for message in messages]


class TestLedgerApply:
    def test_moves_money_and_writes_down_how(self):
        fund(ALICE, 1_000)
        command = TransferFactory(amount=250)

        apply(command)

        assert (balance(ALICE), balance(BOB)) == (750, 250)
        header = LedgerTransaction.objects.get(pk=command.transaction_id)
        assert (header.kind, header.state, header.amount) == ("transfer", "posted", 250)
        assert (header.stream, header.requested_by, header.effective_at) == (ALICE, ALICE, NOON)
        assert (header.source_event_id, header.source_sequence) == (
            command.source.event_id,
            command.source.sequence,
        )
        legs = Posting.objects.filter(transaction=header).order_by("id")
        assert [
            (leg.account.owner, leg.direction, leg.layer, leg.amount, leg.balance_after)
            for leg in legs
        ] == [
            (ALICE, "debit", "posted", 250, 750),
            (BOB, "credit", "posted", 250, 250),
        ]
        assert {leg.recorded_at for leg in legs} == {header.recorded_at}

    def test_keeps_the_house_on_the_other_side(self):
        apply(DepositFactory(amount=1_000), WithdrawalFactory(amount=300))

        house = Account.objects.get(role="cash_clearing", currency="EUR")
        assert (house.debits_posted, house.credits_posted, house.posted) == (1_000, 300, 700)
        assert books_differ() == []

    def test_refuses_to_overspend_and_writes_that_down_too(self):
        fund(ALICE, 100)
        command = TransferFactory(amount=101)

        apply(command)

        header = LedgerTransaction.objects.get(pk=command.transaction_id)
        assert (header.state, header.rejection_code) == ("rejected", "insufficient_funds")
        assert not header.postings.exists()
        entry = header.journal.get()
        assert (entry.type, entry.from_state, entry.to_state, entry.code) == (
            "transaction_rejected",
            "",
            "rejected",
            "insufficient_funds",
        )
        assert (entry.actor, entry.cause) == (f"user:{ALICE}", command.source.event_id)
        assert (balance(ALICE), balance(BOB)) == (100, 0)

    def test_announces_every_outcome_on_the_stream_of_its_request(self):
        good = DepositFactory(amount=100)
        bad = WithdrawalFactory(amount=101)

        apply(good, bad)

        opened, posted, rejected = events_of(ALICE)
        wallet = Account.objects.get(owner=ALICE)
        assert (opened.TYPE, opened.account_id) == ("account_opened.v1", wallet.id)
        assert (posted.TYPE, posted.transaction_id) == (
            "transaction_posted.v1",
            good.transaction_id,
        )
        assert (posted.amount, posted.currency) == (100, "EUR")
        assert [(leg.direction, leg.amount) for leg in posted.postings] == [
            ("debit", 100),
            ("credit", 100),
        ]
        assert posted.postings[1].account_id == wallet.id
        assert posted.cause.event_id == good.source.event_id
        assert (rejected.TYPE, rejected.transaction_id, rejected.code) == (
            "transaction_rejected.v1",
            bad.transaction_id,
            "insufficient_funds",
        )

    def test_hands_on_where_a_request_came_from(self):
        source = SourceFactory(correlation_id="the-request", traceparent="00-aa-bb-01")

        apply(DepositFactory(source=source))

        message = OutboxMessage.objects.get(type="transaction_posted.v1")
        assert message.correlation_id == "the-request"
        assert message.causation_id == str(source.event_id)
        assert message.traceparent == "00-aa-bb-01"
        assert message.actor == source.actor

    def test_opens_a_receivers_wallet_on_the_receivers_own_stream(self):
        fund(ALICE, 1_000)

        apply(TransferFactory())

        (opened,) = events_of(BOB)
        assert (opened.TYPE, opened.owner, opened.currency) == ("account_opened.v1", BOB, "EUR")

    def test_decides_a_large_batch_with_as_many_statements_as_a_small_one(self):
        fund(ALICE, 10_000)
        fund(BOB, 10_000)

        def statements(count):
            commands = [TransferFactory(amount=1) for _ in range(count)]
            with CaptureQueriesContext(connection) as captured:
                apply(*commands)
            return len(captured)

        assert statements(2) == statements(500) < 20
        assert balance(ALICE) == 10_000 - 502
        assert LedgerTransaction.objects.count() == 504
        assert JournalEntry.objects.count() == 504
        assert books_differ() == []

    def test_opens_accounts_sorted_so_that_batches_wait_for_each_other_in_one_order(self):
        owners = [uuid7() for _ in range(50)]
        random.shuffle(owners)

        apply(*[DepositFactory(owner=owner) for owner in owners])

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT owner FROM ledger_account WHERE owner IS NOT NULL ORDER BY opened_at, ctid"
            )
            assert [owner for (owner,) in cursor.fetchall()] == sorted(owners)

    def test_keeps_currencies_apart(self):
        fund(ALICE, 100, "EUR")
        fund(ALICE, 70, "JPY")

        apply(
            TransferFactory(amount=100, currency="EUR"),
            TransferFactory(amount=100, currency="JPY"),
            TransferFactory(amount=70, currency="JPY"),
        )

        assert (balance(ALICE, "EUR"), balance(ALICE, "JPY")) == (0, 0)
        assert (balance(BOB, "EUR"), balance(BOB, "JPY")) == (100, 70)

    def test_opens_no_account_in_a_currency_it_does_not_keep(self):
        command = TransferFactory(currency="XXX")

        apply(command)

        header = LedgerTransaction.objects.get(pk=command.transaction_id)
        assert (header.rejection_code, header.debit_account) == ("currency_unsupported", None)
        assert not Account.objects.exists()

    def test_refuses_to_decide_the_same_request_twice(self):
        command = DepositFactory()
        apply(command)

        with pytest.raises(TransactionAlreadyRecorded), transaction.atomic():
            apply(TransferFactory(), command._replace(source=SourceFactory()))

        assert balance(ALICE) == 250
        assert LedgerTransaction.objects.count() == 1
        assert OutboxMessage.objects.count() == 2

    def test_does_nothing_without_commands(self, django_assert_num_queries):
        with transaction.atomic(), django_assert_num_queries(0):
            ledger_apply(commands=[])

    def test_records_later_than_anything_on_the_same_accounts(self):
        fund(ALICE, 1_000)
        ahead = datetime.now(UTC) + timedelta(hours=1)
        Account.objects.filter(owner=ALICE).update(last_recorded_at=ahead)
        command = TransferFactory()

        apply(command)

        recorded_at = LedgerTransaction.objects.get(pk=command.transaction_id).recorded_at
        assert recorded_at == ahead + timedelta(microseconds=1)
        assert Account.objects.get(owner=BOB).last_recorded_at == recorded_at

    def test_refuses_what_the_house_cannot_count_and_posts_the_rest(self):
        fund(ALICE, 1)
        room = 2 * AMOUNT_MAX
        Account.objects.filter(role="cash_clearing").update(
            debits_posted=TOTAL_MAX - room, credits_posted=TOTAL_MAX - room
        )
        commands = [DepositFactory(owner=uuid7(), amount=AMOUNT_MAX) for _ in range(3)]

        apply(*commands, DepositFactory(currency="JPY"))

        codes = [
            LedgerTransaction.objects.get(pk=one.transaction_id).rejection_code for one in commands
        ]
        assert codes == ["", "", "balance_limit_exceeded"]
        assert balance(ALICE, "JPY") == 250

    def test_takes_any_moment_that_a_request_can_have_been_accepted_at(self):
        command = DepositFactory(accepted_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))

        apply(command)

        assert LedgerTransaction.objects.get().effective_at == command.accepted_at
