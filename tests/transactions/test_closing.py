"""A user who asks to be closed: all wallets or none, in the order of the stream."""

from collections.abc import Sequence

import pytest

from common.events.codec import EventInvalid, event_decode
from common.events.contracts import (
    Event,
    UserCloseDecidedV1,
    UserCloseRequestedV1,
    UserRegisteredV1,
    Wallet,
)
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.discard import dead_letter_discard
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from common.outbox.models import OutboxMessage
from tests.factories.commands import TransferFactory
from tests.factories.events import (
    ALICE,
    BOB,
    NOON,
    deposit_created,
    record,
    transaction_created,
)
from tests.transactions.books import apply, books_differ, fund
from transactions.ledger.account_status import account_freeze
from transactions.ledger.models import (
    Account,
    AccountChange,
    LedgerTransaction,
    UserReplica,
    WalletOwner,
)
from transactions.wiring import WIRING

pytestmark = pytest.mark.django_db(transaction=True)


def close_requested(user_id=ALICE):
    return UserCloseRequestedV1(user_id=user_id, status="closing", requested_at=NOON)


def withdrawal(amount, *, owner=ALICE):
    from_house = deposit_created(owner=owner, amount=amount)
    return transaction_created(
        kind="withdrawal",
        debit_party=Wallet(user_id=owner),
        credit_party=from_house.debit_party,
        amount=amount,
    )


def arrivals(events: Sequence[Event], *, stream=ALICE):
    """The next events of a stream."""
    known = InboxCursor.objects.filter(stream=stream).first()
    begin = known.last_sequence if known else 0
    return [
        arrive(record(event, stream=stream, sequence=n, offset=n), consumed_at=NOON)
        for n, event in enumerate(events, begin + 1)
    ]


def consume(*events: Event, stream=ALICE):
    """One batch with the next events of a stream."""
    batch_apply(WIRING, arrivals(events, stream=stream))


def told(stream=ALICE):
    """What the ledger said on a stream, in order."""
    return list(
        OutboxMessage.objects.filter(stream=stream)
        .order_by("sequence")
        .values_list("type", flat=True)
    )


def decision(user_id=ALICE):
    message = OutboxMessage.objects.filter(stream=user_id, type=UserCloseDecidedV1.TYPE).latest(
        "sequence"
    )
    event = event_decode(message.type, bytes(message.data))
    assert event.user_id == user_id
    return event.closed, event.code


def state(transaction):
    known = LedgerTransaction.objects.get(pk=transaction.transaction_id)
    return known.state, known.rejection_code


class TestClosing:
    def test_closes_every_empty_wallet_and_says_so_with_its_cause(self):
        consume(
            deposit_created(owner=ALICE, amount=100),
            deposit_created(owner=ALICE, amount=7, currency="JPY"),
            withdrawal(100),
            transaction_created(amount=7, currency="JPY"),
        )

        consume(close_requested())

        wallets = Account.objects.filter(owner=ALICE)
        assert set(wallets.values_list("currency", "status")) == {
            ("EUR", "closed"),
            ("JPY", "closed"),
        }
        assert told()[-3:] == ["account_closed.v1", "account_closed.v1", "user_close_decided.v1"]
        assert decision() == (True, None)
        message = OutboxMessage.objects.get(type=UserCloseDecidedV1.TYPE)
        event = event_decode(message.type, bytes(message.data))
        assert message.causation_id == str(event.cause.event_id)
        assert (message.actor, message.correlation_id) == (f"user:{ALICE}", "a-request")
        assert {change.cause for change in AccountChange.objects.all()} == {event.cause.event_id}
        assert set(AccountChange.objects.values_list("from_status", "to_status", "actor")) == {
            ("open", "closed", f"user:{ALICE}")
        }
        assert WalletOwner.objects.get(pk=ALICE).closed_at == event.decided_at
        assert Account.objects.get(owner=BOB).status == "open"
        assert books_differ() == []

    def test_closes_who_never_had_a_wallet(self):
        consume(close_requested())

        assert decision() == (True, None)
        assert told() == ["user_close_decided.v1"]

    @pytest.mark.parametrize("currency", ["EUR", "JPY"])
    def test_refuses_while_there_is_money_in_any_wallet_and_closes_none(self, currency):
        consume(
            deposit_created(owner=ALICE, amount=100),
            withdrawal(100),
            deposit_created(owner=ALICE, amount=1, currency=currency),
        )

        consume(close_requested())

        assert decision() == (False, "balance_not_zero")
        assert set(Account.objects.filter(owner=ALICE).values_list("status")) == {("open",)}
        assert WalletOwner.objects.get(pk=ALICE).closed_at is None
        assert not AccountChange.objects.exists()

    def test_refuses_while_there_are_holds(self):
        fund(BOB, 5)
        apply(TransferFactory(held=True, payer=BOB, receiver=ALICE, amount=5))

        consume(close_requested())

        assert decision() == (False, "open_holds")

    def test_refuses_while_a_wallet_is_frozen(self):
        consume(deposit_created(owner=ALICE, amount=100), withdrawal(100))
        wallet = Account.objects.get(owner=ALICE)
        account_freeze(account_id=wallet.pk, actor="staff:carol", reason="a look at it")

        consume(close_requested())

        assert decision() == (False, "account_frozen")
        assert Account.objects.get(owner=ALICE).status == "frozen"

    def test_asked_again_after_a_refusal_decides_anew(self):
        consume(deposit_created(owner=ALICE, amount=100), close_requested())

        consume(withdrawal(100), close_requested())

        assert told().count("user_close_decided.v1") == 2
        assert decision() == (True, None)

    def test_asked_again_after_closing_says_the_same_and_closes_nothing_twice(self):
        consume(deposit_created(owner=ALICE, amount=1), withdrawal(1), close_requested())

        consume(close_requested())

        assert decision() == (True, None)
        assert told().count("account_closed.v1") == AccountChange.objects.count() == 1

    def test_is_refused_for_another_user_than_the_streams(self):
        with pytest.raises(EventInvalid):
            consume(close_requested(BOB), stream=ALICE)


class TestOrderInOneBatch:
    def test_sees_what_came_before_it(self):
        money_in = deposit_created(owner=ALICE, amount=100)

        consume(money_in, close_requested(), withdrawal(100), close_requested())

        assert state(money_in) == ("posted", "")
        assert decision() == (True, None)
        assert told() == [
            "account_opened.v1",
            "transaction_posted.v1",
            "user_close_decided.v1",
            "transaction_posted.v1",
            "account_closed.v1",
            "user_close_decided.v1",
        ]

    def test_stops_what_comes_after_it(self):
        late, other = deposit_created(owner=ALICE, amount=5), transaction_created()

        consume(deposit_created(owner=ALICE, amount=1), withdrawal(1), close_requested(), late)
        consume(other)

        assert state(late) == state(other) == ("rejected", "account_closed")
        assert told()[-4:] == [
            "account_closed.v1",
            "user_close_decided.v1",
            "transaction_rejected.v1",
            "transaction_rejected.v1",
        ]

    def test_sees_a_transfer_of_another_stream_of_the_same_batch(self):
        payment = transaction_created()

        batch_apply(
            WIRING,
            [
                *arrivals([deposit_created(owner=ALICE, amount=250), payment]),
                *arrivals([close_requested(BOB)], stream=BOB),
            ],
        )

        assert state(payment) == ("posted", "")
        assert decision(BOB) == (False, "balance_not_zero")

    def test_of_two_users_who_close_one_after_the_other(self):
        consume(deposit_created(owner=ALICE, amount=250), transaction_created())

        batch_apply(
            WIRING,
            [
                *arrivals([close_requested()]),
                *arrivals([withdrawal(250, owner=BOB), close_requested(BOB)], stream=BOB),
            ],
        )

        assert decision(ALICE) == decision(BOB) == (True, None)


class TestLatePayment:
    """A payment that users accepted before the receiver was closed, and the ledger met after."""

    @pytest.mark.parametrize("currency", ["EUR", "JPY"])
    def test_is_refused_and_its_wallet_is_born_closed(self, currency):
        consume(deposit_created(owner=BOB, amount=1), withdrawal(1, owner=BOB), stream=BOB)
        consume(close_requested(BOB), stream=BOB)
        payment = transaction_created(currency=currency)

        consume(deposit_created(owner=ALICE, amount=250, currency=currency), payment)

        assert state(payment) == ("rejected", "account_closed")
        assert Account.objects.get(owner=BOB, currency=currency).status == "closed"
        assert told(BOB).count("account_opened.v1") == 1
        assert books_differ() == []

    def test_of_the_same_batch_is_refused_too(self):
        payment = transaction_created()

        batch_apply(
            WIRING,
            [
                *arrivals([close_requested(BOB)], stream=BOB),
                *arrivals([deposit_created(owner=ALICE, amount=250), payment]),
            ],
        )

        assert state(payment) == ("rejected", "account_closed")
        assert decision(BOB) == (True, None)


def test_a_discarded_request_to_close_is_answered():
    batch_isolate(
        WIRING,
        [arrive(record(close_requested(BOB), stream=ALICE), consumed_at=NOON)],
    )
    letter = InboxWaiting.objects.get(state="dead")

    dead_letter_discard(wiring=WIRING, letter_id=letter.pk, actor="staff:carol", reason="a reason")

    assert decision() == (False, "discarded_by_staff")
    assert OutboxMessage.objects.get(stream=ALICE).actor == "staff:carol"
    assert InboxCursor.objects.get(stream=ALICE).last_sequence == 1


def test_shows_staff_that_the_user_is_closing():
    registered = UserRegisteredV1(user_id=ALICE, status="active", registered_at=NOON)

    consume(registered, close_requested())

    assert UserReplica.objects.get().status == "closing"
