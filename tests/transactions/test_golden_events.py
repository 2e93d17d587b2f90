"""Every event that users ever published is applied by today's handlers, and shown on the page."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from common.events.codec import event_decode
from common.events.contract_docs import contract_doc
from common.events.contracts import EVENT_TYPES, TransactionCommandEvent
from common.events.schemas import DOCUMENTS, ROOT
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.models import InboxCursor, InboxWaiting
from common.outbox.models import OutboxMessage
from tests.factories.events import NOON, deposit_created, record
from transactions.ledger.models import LedgerTransaction, UserReplica
from transactions.wiring import WIRING

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"
TOLD = sorted(name for name, e in EVENT_TYPES.items() if contract_doc(e).topic == WIRING.topic)
PREDECESSORS: dict[str, list[str]] = {
    "user_activated.v1": ["user_registered.v1"],
    "user_suspended.v1": ["user_registered.v1"],
    "user_reinstated.v1": ["user_registered.v1", "user_suspended.v1"],
    "user_close_requested.v1": ["user_registered.v1"],
    "user_close_refused.v1": ["user_registered.v1", "user_close_requested.v1"],
    "user_closed.v1": ["user_registered.v1", "user_close_requested.v1"],
    "transaction_created.v1": ["user_registered.v1", "user_activated.v1"],
    **{
        f"transaction_{command}.v1": ["transaction_created.v1"]
        for command in ("capture_requested", "void_requested", "reversal_requested", "expiry_due")
    },
}
"""What must have happened in a stream before; an event without an entry may be the first."""


def golden(event_type):
    raw = (GOLDEN / f"{event_type}.json").read_bytes().rstrip(b"\n")
    event = event_decode(event_type, raw)
    assert event is not None
    return event


def owner_of(event):
    """Whose stream tells a golden event; a command is on that of its transaction."""
    if isinstance(event, TransactionCommandEvent):
        event = golden("transaction_created.v1")
    return event.debit_party.user_id if hasattr(event, "debit_party") else event.user_id


def apply(*events, stream):
    """Consume events as one batch of a new stream."""
    records = [
        record(event, stream=stream, sequence=n, offset=n) for n, event in enumerate(events, 1)
    ]
    return batch_apply(WIRING, [arrive(one, consumed_at=NOON) for one in records])


@pytest.mark.django_db(transaction=True)
class TestGoldenEvents:
    @pytest.mark.parametrize("event_type", TOLD)
    def test_are_applied_by_todays_handlers(self, event_type):
        events = [golden(name) for name in (*PREDECESSORS.get(event_type, ()), event_type)]
        stream = owner_of(events[-1])

        report = apply(*events, stream=stream)

        assert (report.applied, report.dead, report.waiting) == (len(events), 0, 0)
        assert report.skipped == 0, "told to this service and not wired"
        assert InboxCursor.objects.get(stream=stream).last_sequence == len(events)
        assert not InboxWaiting.objects.exists()

    def test_have_the_effect_that_they_tell_of(self):
        created = golden("transaction_created.v1")
        owner = owner_of(created)
        funding = deposit_created(owner=owner, amount=created.amount)

        apply(
            golden("user_registered.v1"),
            golden("user_activated.v1"),
            funding,
            created,
            stream=owner,
        )

        assert UserReplica.objects.get(pk=owner).status == "active"
        assert LedgerTransaction.objects.get(pk=created.transaction_id).state == "posted"

    def test_move_money_back_by_a_command(self):
        created = golden("transaction_created.v1")
        reversal = golden("transaction_reversal_requested.v1")
        owner = owner_of(created)

        apply(deposit_created(owner=owner, amount=created.amount), created, reversal, stream=owner)

        original = LedgerTransaction.objects.get(pk=created.transaction_id)
        assert (original.state, original.reversed_amount) == (
            "partially_reversed",
            reversal.amount,
        )
        assert LedgerTransaction.objects.get(pk=reversal.command_id).reverses == original

    def test_are_answered_when_they_ask_to_close_somebody(self):
        requested = golden("user_close_requested.v1")

        apply(golden("user_registered.v1"), requested, stream=requested.user_id)

        told = OutboxMessage.objects.get(stream=requested.user_id)
        assert told.type == "user_close_decided.v1"
        assert UserReplica.objects.get(pk=requested.user_id).status == "closing"

    def test_are_all_the_events_that_are_wired(self):
        assert set(WIRING.handlers) <= set(TOLD)


class TestPages:
    def test_show_every_event_with_its_example_and_run_nothing(self):
        response = Client().get("/transactions/docs/events")

        page = response.content.decode()
        assert response.status_code == 200
        assert all(f'<h2 id="{name}">' in page for name in EVENT_TYPES)
        assert "Tea für zwei" in page
        for text in (
            "<code>debit_party (Wallet).user_id</code>",
            "<code>postings[].direction</code>",
            "one of: deposit, transfer, withdrawal",
            "over 0; at most 9007199254740991",
            "matches ^[A-Z]{3}$",
            "optional; absent means null",
            "map of text to text",
            "list of PostedLeg",
        ):
            assert text in page
        assert "<script" not in page
        assert " style=" not in page
        assert response["Content-Security-Policy"].startswith(
            "default-src 'none'; style-src 'self'"
        )

    def test_load_a_style_that_is_there(self):
        page = Client().get("/transactions/docs/events").content.decode()

        assert 'href="/transactions/static/events/events.css"' in page
        assert finders.find("events/events.css")

    def test_offer_the_committed_document(self):
        response = Client().get("/transactions/schema/events")

        assert response["Content-Type"] == "application/json"
        assert response.content == (ROOT / DOCUMENTS / "asyncapi.json").read_bytes()

    def test_take_no_other_method(self):
        assert Client().post("/transactions/docs/events").status_code == 405
