from datetime import datetime

import pytest

from common.events.codec import EventInvalid
from common.events.contracts import (
    SystemAccount,
    TransactionCaptureRequestedV1,
    TransactionCreatedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
    UserClosedV1,
    UserRegisteredV1,
    UserReinstatedV1,
    UserSuspendedV1,
    Wallet,
)
from common.events.topics import USERS_EVENTS
from common.ids import uuid7
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.models import InboxCursor
from common.inbox.wiring import Received
from common.outbox.models import OutboxMessage
from tests.factories.commands import DEADLINE
from tests.factories.events import (
    ALICE,
    BOB,
    NOON,
    deposit_created,
    envelope,
    record,
    transaction_created,
)
from tests.transactions.books import balance, books_differ
from transactions.intake.batch import IntakeBatch
from transactions.intake.handlers import on_transaction_created, on_user_status
from transactions.ledger.engine import Capture, Expire, Reverse, Void
from transactions.ledger.models import LedgerTransaction, UserReplica
from transactions.wiring import WIRING


def received(event, **members):
    return Received(
        envelope=envelope(type=event.TYPE, **members),
        event=event,
        partition=3,
        offset=14,
        published_at=NOON,
        consumed_at=NOON,
    )


def command_of(event, **members):
    batch = IntakeBatch()
    on_transaction_created(received(event, **members))(batch)
    (command,) = batch.commands
    return command


HOUSE = SystemAccount(role="cash_clearing")


class TestOnTransactionCreated:
    def test_translates_a_transfer(self):
        event = transaction_created()

        command = command_of(event, sequence=7)

        assert (command.transaction_id, command.kind) == (event.transaction_id, "transfer")
        assert command.debit == (ALICE, "", "EUR")
        assert command.credit == (BOB, "", "EUR")
        assert (command.amount, command.accepted_at) == (250, NOON)
        assert (command.source.stream, command.source.sequence) == (ALICE, 7)
        assert (command.source.partition, command.source.offset) == (3, 14)

    def test_translates_the_house(self):
        command = command_of(deposit_created(owner=ALICE, amount=5))

        assert command.debit == (None, "cash_clearing", "EUR")

    @pytest.mark.parametrize(
        "members",
        [
            {"debit_party": Wallet(user_id=BOB), "credit_party": Wallet(user_id=ALICE)},
            {"credit_party": Wallet(user_id=ALICE)},
            {"credit_party": HOUSE},
            {"debit_party": HOUSE},
            {"kind": "withdrawal"},
            {"kind": "withdrawal", "debit_party": Wallet(user_id=BOB), "credit_party": HOUSE},
            {"kind": "deposit"},
            {"kind": "deposit", "debit_party": HOUSE, "credit_party": Wallet(user_id=BOB)},
            {"kind": "deposit", "debit_party": HOUSE, "credit_party": HOUSE},
        ],
    )
    def test_refuses_parties_that_do_not_fit_the_kind_or_the_stream(self, members):
        with pytest.raises(EventInvalid):
            command_of(transaction_created(**members))

    @pytest.mark.parametrize(
        "members",
        [{"actor": "x" * 101}, {"correlation_id": "x" * 101}, {"traceparent": "x" * 56}],
    )
    def test_refuses_an_envelope_that_could_not_be_handed_on(self, members):
        with pytest.raises(EventInvalid):
            command_of(transaction_created(), **members)

    @pytest.mark.parametrize(
        "accepted_at",
        [
            datetime(2026, 1, 2),  # noqa: DTZ001  the case
            datetime.fromisoformat("0001-01-01T00:00:00+14:00"),
        ],
    )
    def test_refuses_a_moment_that_could_not_be_stored(self, accepted_at):
        with pytest.raises(EventInvalid):
            command_of(transaction_created(accepted_at=accepted_at))

    def test_hands_the_reference_on(self):
        assert command_of(transaction_created(reference="lunch")).reference == "lunch"
        assert command_of(transaction_created()).reference is None

    def test_refuses_a_reference_that_could_not_be_stored(self):
        with pytest.raises(EventInvalid):
            command_of(transaction_created(reference="x" * 101))

    def test_translates_a_hold_with_its_deadline(self):
        event = transaction_created(capture="manual", hold_expires_at=DEADLINE)

        assert command_of(event).hold_expires_at == DEADLINE

    @pytest.mark.parametrize(
        "members", [{"capture": "manual"}, {"hold_expires_at": DEADLINE}], ids=["hold", "deadline"]
    )
    def test_refuses_a_hold_or_a_deadline_alone(self, members):
        with pytest.raises(EventInvalid):
            command_of(transaction_created(**members))


class TestCommands:
    """Handlers of commands, through the table that names them."""

    @pytest.mark.parametrize(
        ("event_class", "members", "expected"),
        [
            (TransactionCaptureRequestedV1, {"amount": 7, "requested_by": BOB}, Capture),
            (TransactionVoidRequestedV1, {"requested_by": BOB}, Void),
            (TransactionReversalRequestedV1, {"amount": 7, "requested_by": BOB}, Reverse),
            (TransactionExpiryDueV1, {}, Expire),
        ],
    )
    def test_translate_events(self, event_class, members, expected):
        command_id, transaction_id = uuid7(), uuid7()
        event = event_class(
            transaction_id=transaction_id, command_id=command_id, accepted_at=NOON, **members
        )
        batch = IntakeBatch()

        WIRING.handlers[event.TYPE](received(event, sequence=9))(batch)

        (command,) = batch.commands
        assert type(command) is expected
        assert (command.recorded_as, command.transaction_id) == (command_id, transaction_id)
        assert (command.requested_by, command.amount) == (
            members.get("requested_by"),
            members.get("amount"),
        )
        assert (command.accepted_at, command.source.sequence) == (NOON, 9)


class TestOnUserRegistered:
    def test_refuses_an_event_about_another_user_than_its_stream(self):
        event = UserRegisteredV1(user_id=BOB, status="active", registered_at=NOON)

        with pytest.raises(EventInvalid):
            on_user_status(received(event, stream=ALICE))

    def test_remembers_the_last_status(self):
        batch = IntakeBatch()
        for status in ("pending_verification", "active"):
            event = UserRegisteredV1(user_id=ALICE, status=status, registered_at=NOON)
            on_user_status(received(event))(batch)

        assert batch.user_statuses == {ALICE: "active"}

    def test_remembers_what_becomes_of_users(self):
        batch = IntakeBatch()
        for event in (
            UserSuspendedV1(user_id=ALICE, status="suspended", suspended_at=NOON),
            UserReinstatedV1(user_id=ALICE, status="active", reinstated_at=NOON),
            UserClosedV1(user_id=ALICE, status="closed", closed_at=NOON),
        ):
            WIRING.handlers[event.TYPE](received(event))(batch)

        assert batch.user_statuses == {ALICE: "closed"}


def arrivals(*records):
    return [arrive(one, consumed_at=NOON) for one in records]


@pytest.mark.django_db(transaction=True)
class TestWiring:
    def test_reads_the_events_of_users(self):
        assert (WIRING.consumer, WIRING.topic) == ("transactions", USERS_EVENTS)
        assert {TransactionCreatedV1.TYPE, UserRegisteredV1.TYPE} <= set(WIRING.handlers)

    def test_applies_a_batch_of_events_from_users_to_the_books(self):
        registered = UserRegisteredV1(user_id=ALICE, status="active", registered_at=NOON)
        overspend = transaction_created(amount=1_000)

        batch_apply(
            WIRING,
            arrivals(
                record(registered, sequence=1, offset=0),
                record(deposit_created(owner=ALICE, amount=1_000), sequence=2, offset=1),
                record(transaction_created(amount=250), sequence=3, offset=2),
                record(overspend, sequence=4, offset=3),
            ),
        )

        assert (balance(ALICE), balance(BOB)) == (750, 250)
        refused = LedgerTransaction.objects.get(pk=overspend.transaction_id)
        assert (refused.rejection_code, refused.source_offset) == ("insufficient_funds", 3)
        assert UserReplica.objects.get().status == "active"
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 4
        assert list(
            OutboxMessage.objects.filter(stream=ALICE)
            .order_by("sequence")
            .values_list("type", flat=True)
        ) == [
            "account_opened.v1",
            "transaction_posted.v1",
            "transaction_posted.v1",
            "transaction_rejected.v1",
        ]
        assert books_differ() == []

    def test_gives_a_second_delivery_no_second_effect(self):
        batch = arrivals(record(deposit_created(owner=ALICE, amount=100)))
        batch_apply(WIRING, batch)

        batch_apply(WIRING, batch)

        assert balance(ALICE) == 100
        assert OutboxMessage.objects.count() == 2

    def test_updates_what_it_knows_of_a_user(self):
        for sequence, status in enumerate(["pending_verification", "active"], start=1):
            event = UserRegisteredV1(user_id=ALICE, status=status, registered_at=NOON)
            batch_apply(WIRING, arrivals(record(event, sequence=sequence)))

        assert UserReplica.objects.get(pk=ALICE).status == "active"

    def test_decides_nothing_twice_under_another_event(self):
        event = deposit_created(owner=ALICE, amount=100, transaction_id=uuid7())
        batch_apply(WIRING, arrivals(record(event, sequence=1)))

        with pytest.raises(Exception, match="recorded already"):
            batch_apply(WIRING, arrivals(record(event, sequence=2)))

        assert balance(ALICE) == 100
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 1
