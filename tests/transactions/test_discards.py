"""Discarding a request's event refuses the request, so that it has its outcome."""

import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import msgspec
import pytest

from common.events.codec import event_decode
from common.events.contracts import (
    TransactionCaptureRequestedV1,
    TransactionCommandRejectedV1,
    TransactionRejectedV1,
    TransactionReversalRequestedV1,
    UserRegisteredV1,
)
from common.events.envelope import headers_decode
from common.ids import uuid7
from common.inbox.arrival import arrive
from common.inbox.discard import dead_letter_discard
from common.inbox.errors import DiscardRefused
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from common.internal.contracts import Announced
from common.outbox.models import OutboxMessage
from tests.factories.events import (
    ALICE,
    BOB,
    NOON,
    deposit_created,
    record,
    transaction_created,
)
from tests.transactions.books import balance, books_differ
from tests.transactions.test_journal import facts_of
from transactions.ledger.journal import Entry, entry_hash
from transactions.ledger.models import JournalEntry, LedgerTransaction
from transactions.wiring import WIRING

pytestmark = pytest.mark.django_db(transaction=True)

MISFIT = {"kind": "withdrawal"}  # with the parties of a transfer
UNSTORABLE = datetime.fromisoformat("0001-01-01T00:00:00+14:00")  # out of range in UTC


def announced(envelope, event):
    """What users says of an event, as it travels."""
    told = Announced(
        event_id=envelope.id,
        stream=envelope.stream,
        sequence=envelope.sequence,
        type=event.TYPE,
        data=msgspec.to_builtins(event),
    )
    return msgspec.to_builtins(told)


@pytest.fixture
def users_says(settings):
    """The internal route of users, which says what it is told to."""

    class Route(BaseHTTPRequestHandler):
        told: ClassVar[list[dict]] = []

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/internal/v1/announced/query"
            body = json.dumps({"data": Route.told}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Be quiet."""

    def say(told):
        Route.told = told

    with ThreadingHTTPServer(("127.0.0.1", 0), Route) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.PEER = {**settings.PEER, "URL": f"http://127.0.0.1:{server.server_port}"}
        yield say
        server.shutdown()


def consume(*records):
    batch_isolate(WIRING, [arrive(one, consumed_at=NOON) for one in records])


def discard(**options):
    letter = InboxWaiting.objects.get(state="dead")
    return dead_letter_discard(
        wiring=WIRING, letter_id=letter.pk, actor="staff:carol", reason="a reason", **options
    )


def outcome():
    message = OutboxMessage.objects.get(type=TransactionRejectedV1.TYPE)
    return message, event_decode(message.type, bytes(message.data))


class TestDiscard:
    def test_refuses_a_legible_request_with_all_that_is_known_of_it(self):
        event = transaction_created(**MISFIT)
        sent = record(event)
        consume(sent)

        discard()

        known = LedgerTransaction.objects.get(pk=event.transaction_id)
        assert (known.state, known.rejection_code) == ("rejected", "discarded_by_staff")
        assert (known.kind, known.amount, known.currency) == ("withdrawal", 250, "EUR")
        assert (known.stream, known.requested_by, known.effective_at) == (ALICE, ALICE, NOON)
        assert (known.debit_account, known.credit_account) == (None, None)
        entry = JournalEntry.objects.get()
        assert (entry.type, entry.code) == ("transaction_rejected", "discarded_by_staff")
        assert entry.actor == "staff:carol"
        assert bytes(entry.hash) == entry_hash(
            Entry(
                *(event.transaction_id, "transaction_rejected", "", "rejected"),
                *("discarded_by_staff", "staff:carol", known.source_event_id),
                *(entry.recorded_at, "withdrawal", 250, "EUR", []),
                facts_of(known),
            )
        )
        message, told = outcome()
        assert (told.transaction_id, told.code) == (event.transaction_id, "discarded_by_staff")
        assert (message.stream, message.actor) == (ALICE, "staff:carol")
        assert message.causation_id == str(known.source_event_id)
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 1
        assert books_differ() == []

    @pytest.mark.parametrize("value", [b"{", None, b"\xff", b'{"amount": NaN}'])
    def test_refuses_an_illegible_request_by_its_subject(self, value):
        event = transaction_created()
        consume(replace(record(event), value=value))

        discard()

        known = LedgerTransaction.objects.get(pk=event.transaction_id)
        assert (known.kind, known.amount, known.currency) == (None, None, None)
        assert (known.requested_by, known.effective_at) == (None, None)
        assert outcome()[1].transaction_id == event.transaction_id

    def test_refuses_a_request_of_a_version_that_nobody_can_read(self):
        event = transaction_created()
        consume(record(event, type="transaction_created.v9"))

        discard()

        assert outcome()[1].transaction_id == event.transaction_id

    def test_of_one_with_long_texts_tells_what_fits(self):
        consume(
            record(transaction_created(**MISFIT), correlation_id="x" * 300, traceparent="y" * 300)
        )

        discard()

        message, _ = outcome()
        assert len(message.correlation_id) == 36
        assert message.traceparent is None

    def test_applies_what_waited(self):
        consume(
            replace(record(sequence=1), value=b"{"),
            record(deposit_created(owner=ALICE, amount=700), sequence=2),
        )
        assert not LedgerTransaction.objects.exists()

        discard()

        assert balance(ALICE) == 700
        assert [
            m.type for m in OutboxMessage.objects.filter(stream=ALICE).order_by("sequence")
        ] == [
            "transaction_rejected.v1",
            "account_opened.v1",
            "transaction_posted.v1",
        ]

    def test_keeps_a_decision_that_there_is(self):
        event = deposit_created(owner=ALICE, amount=700)
        consume(record(event, sequence=1), record(event, sequence=2))
        assert InboxWaiting.objects.get().error_class == "bug"

        discard()

        assert LedgerTransaction.objects.get().state == "posted"
        assert not OutboxMessage.objects.filter(type=TransactionRejectedV1.TYPE).exists()
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 2

    def test_is_refused_when_nobody_can_tell_which_request_it_is(self):
        consume(replace(record(subject="a transaction"), value=b"{"))

        with pytest.raises(DiscardRefused, match="which transaction"):
            discard()

        assert not LedgerTransaction.objects.exists()
        assert not InboxCursor.objects.filter(last_sequence__gt=0).exists()

    def test_of_a_users_status_implies_nothing(self):
        event = UserRegisteredV1(user_id=BOB, status="active", registered_at=NOON)
        consume(record(event))  # about another user than its stream

        discard()

        assert not OutboxMessage.objects.filter(stream=ALICE).exists()
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 1


class TestDiscardOfACommand:
    def misfit(self, original, **members):
        """A capture whose moment the books cannot hold, so that it becomes a dead letter."""
        return TransactionCaptureRequestedV1(
            **{
                "transaction_id": original.transaction_id,
                "command_id": uuid7(),
                "accepted_at": UNSTORABLE,
                "requested_by": ALICE,
                "amount": 100,
                **members,
            }
        )

    def consume_hold_and(self, command_of):
        hold = transaction_created(capture="manual", hold_expires_at=NOON + timedelta(days=7))
        command = command_of(hold)
        consume(
            record(deposit_created(owner=ALICE, amount=700), sequence=1),
            record(hold, sequence=2),
            record(command, sequence=3),
        )
        return hold, command

    def told(self):
        message = OutboxMessage.objects.get(type=TransactionCommandRejectedV1.TYPE)
        return message, event_decode(message.type, bytes(message.data))

    def test_refuses_it_and_leaves_its_transaction(self):
        hold, command = self.consume_hold_and(self.misfit)

        discard()

        child = LedgerTransaction.objects.get(pk=command.command_id)
        assert (child.kind, child.state, child.rejection_code) == (
            "capture",
            "rejected",
            "discarded_by_staff",
        )
        assert (child.pending_id, child.amount, child.currency) == (
            hold.transaction_id,
            100,
            "EUR",
        )
        assert (child.requested_by, child.effective_at) == (ALICE, None)
        assert LedgerTransaction.objects.get(pk=hold.transaction_id).state == "authorised"
        entry = JournalEntry.objects.get(transaction=child)
        assert (entry.type, entry.to_state, entry.actor) == (
            "transaction_rejected",
            "rejected",
            "staff:carol",
        )
        message, event = self.told()
        assert (event.transaction_id, event.command_id) == (
            hold.transaction_id,
            command.command_id,
        )
        assert (event.code, event.state) == ("discarded_by_staff", "authorised")
        assert (message.stream, message.actor) == (ALICE, "staff:carol")
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 3
        assert books_differ() == []

    def test_of_a_reversal_names_what_it_would_have_reversed(self):
        hold, command = self.consume_hold_and(
            lambda hold: TransactionReversalRequestedV1(
                transaction_id=hold.transaction_id,
                command_id=uuid7(),
                accepted_at=UNSTORABLE,
                requested_by=BOB,
            )
        )

        discard()

        child = LedgerTransaction.objects.get(pk=command.command_id)
        assert (child.kind, child.reverses_id, child.pending_id, child.amount) == (
            "reversal",
            hold.transaction_id,
            None,
            None,
        )

    def test_of_one_about_nothing_says_that_it_is_unknown(self):
        consume(record(self.misfit(transaction_created())))

        discard()

        assert self.told()[1].state == "unknown"

    def test_of_one_about_the_transaction_of_somebody_else_does_not_name_it(self):
        deposit = deposit_created(owner=BOB, amount=700)
        consume(record(deposit, stream=BOB))
        command = self.misfit(deposit)
        consume(record(command))

        discard()

        assert self.told()[1].state == "unknown"
        assert LedgerTransaction.objects.get(pk=command.command_id).pending is None

    def consume_illegible(self, command, value=b"{"):
        sent = replace(record(command), value=value)
        consume(sent)
        return headers_decode(sent.headers)

    @pytest.mark.parametrize("value", [b"{", None, b"\xff"])
    def test_asks_users_which_command_an_illegible_one_is(self, users_says, value):
        command = self.misfit(transaction_created(), accepted_at=NOON)
        envelope = self.consume_illegible(command, value)
        users_says([announced(envelope, command)])

        discard()

        child = LedgerTransaction.objects.get(pk=command.command_id)
        assert (child.kind, child.state, child.amount) == ("capture", "rejected", 100)
        assert (child.requested_by, child.effective_at) == (ALICE, NOON)
        told = self.told()[1]
        assert (told.command_id, told.code) == (command.command_id, "discarded_by_staff")
        assert InboxCursor.objects.get(stream=ALICE).last_sequence == 1

    def test_is_refused_when_users_announced_none_in_this_place(self, users_says):
        command = self.misfit(transaction_created(), accepted_at=NOON)
        envelope = self.consume_illegible(command)
        elsewhere = msgspec.structs.replace(envelope, sequence=2)

        for told in ([], [announced(elsewhere, command)]):
            users_says(told)
            with pytest.raises(DiscardRefused, match="announced none by this event"):
                discard()

        assert not LedgerTransaction.objects.exists()

    def test_is_refused_when_users_says_what_nobody_understands(self, users_says):
        command = self.misfit(transaction_created(), accepted_at=NOON)
        envelope = self.consume_illegible(command)
        users_says([{**announced(envelope, command), "data": {"command_id": 7}}])

        with pytest.raises(DiscardRefused, match="breaks the contract"):
            discard()

    def test_is_refused_while_users_cannot_be_asked(self, settings):
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}
        self.consume_illegible(self.misfit(transaction_created(), accepted_at=NOON))

        with pytest.raises(DiscardRefused, match="cannot be asked"):
            discard()

        assert not LedgerTransaction.objects.exists()

    def test_of_an_illegible_one_as_rubbish_asks_nobody(self):
        self.consume_illegible(self.misfit(transaction_created(), accepted_at=NOON))

        discard(rubbish=True)

        assert InboxWaiting.objects.get().state == "discarded"


def test_the_ledger_takes_no_half_transaction_but_a_discarded_one(transactional_db):
    transaction_id = uuid7()
    half = {
        "id": transaction_id,
        "state": "rejected",
        "stream": ALICE,
        "recorded_at": NOON,
        "source_event_id": uuid7(),
        "source_sequence": 1,
        "source_partition": 0,
        "source_offset": 0,
    }

    with pytest.raises(Exception, match="ledger_transaction_whole_unless_discarded"):
        LedgerTransaction.objects.create(**half, rejection_code="insufficient_funds")

    LedgerTransaction.objects.create(**half, rejection_code="discarded_by_staff")
