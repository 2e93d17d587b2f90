"""Every event that transactions ever published is applied by today's handlers, and shown."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from common.api import event_pages
from common.events.asyncapi import asyncapi_document
from common.events.codec import event_decode
from common.events.contract_docs import contract_doc
from common.events.contracts import EVENT_TYPES
from common.events.envelope import headers_encode
from common.events.schemas import DOCUMENTS, ROOT, asyncapi_published
from common.events.topics import TRANSACTIONS_SOURCE
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.models import InboxCursor, InboxWaiting
from common.kafka.broker import Record
from tests.factories.events import NOON, envelope
from tests.factories.users import (
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from users.identity.models import UserStatusChange
from users.submissions.models import TransactionRequest
from users.wiring import WIRING

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden"
TOLD = sorted(name for name, e in EVENT_TYPES.items() if contract_doc(e).topic == WIRING.topic)
PREDECESSORS: dict[str, list[str]] = {
    "transaction_voided.v1": ["transaction_authorised.v1"],
    "transaction_expired.v1": ["transaction_authorised.v1"],
    "transaction_reversed.v1": ["transaction_posted.v1"],
}
"""What must have happened in a stream before; an event without an entry may be the first."""


def arrival(event_type, *, stream, sequence):
    """The golden bytes of an event as they arrive from Kafka."""
    raw = (GOLDEN / f"{event_type}.json").read_bytes().rstrip(b"\n")
    known = envelope(source=TRANSACTIONS_SOURCE, type=event_type, stream=stream, sequence=sequence)
    record = Record(
        topic=WIRING.topic,
        partition=0,
        offset=sequence,
        timestamp_ms=1_767_355_200_000,
        key=str(stream).encode(),
        value=raw,
        headers=headers_encode(known),
    )
    return arrive(record, consumed_at=NOON)


def asked_for(event_type) -> TransactionRequest:
    """The pending request that a golden event is about; any, when it is about none."""
    event = event_decode(event_type, (GOLDEN / f"{event_type}.json").read_bytes())
    if hasattr(event, "user_id"):
        return TransactionRequestFactory(user=UserFactory(id=event.user_id))
    about = {"id": event.transaction_id} if hasattr(event, "transaction_id") else {}
    first = [*PREDECESSORS.get(event_type, ()), event_type][0]
    return TransactionRequestFactory(hold=first == "transaction_authorised.v1", **about)


@pytest.mark.django_db(transaction=True)
class TestGoldenEvents:
    @pytest.mark.parametrize("event_type", TOLD)
    def test_are_applied_by_todays_handlers(self, event_type):
        stream = asked_for(event_type).user_id
        names = [*PREDECESSORS.get(event_type, ()), event_type]
        arrivals = [arrival(name, stream=stream, sequence=n) for n, name in enumerate(names, 1)]

        report = batch_apply(WIRING, arrivals)

        assert (report.applied, report.dead, report.waiting) == (len(names), 0, 0)
        only_skips = "skips" in contract_doc(EVENT_TYPES[event_type]).remark
        assert report.skipped == only_skips, "told to this service and not wired"
        assert InboxCursor.objects.get(stream=stream).last_sequence == len(names)
        assert not InboxWaiting.objects.exists()

    @pytest.mark.parametrize(
        ("event_type", "status", "code"),
        [
            ("transaction_authorised.v1", "authorised", None),
            ("transaction_posted.v1", "posted", None),
            ("transaction_voided.v1", "voided", None),
            ("transaction_expired.v1", "expired", None),
            ("transaction_reversed.v1", "reversed", None),
            ("transaction_command_rejected.v1", "pending", None),
            ("transaction_rejected.v1", "rejected", "insufficient_funds"),
        ],
    )
    def test_have_the_effect_that_they_tell_of(self, event_type, status, code):
        row = asked_for(event_type)

        names = [*PREDECESSORS.get(event_type, ()), event_type]
        batch_apply(
            WIRING,
            [arrival(name, stream=row.user_id, sequence=n) for n, name in enumerate(names, 1)],
        )

        row.refresh_from_db()
        assert (row.status, row.rejection_code) == (status, code)

    def test_answer_who_asked_to_be_closed(self):
        event_type = "user_close_decided.v1"
        event = event_decode(event_type, (GOLDEN / f"{event_type}.json").read_bytes())
        user = UserFactory(id=event.user_id, status="closing")
        UserStatusChange.objects.create(
            user=user,
            from_status="suspended",
            to_status="closing",
            actor=f"user:{user.id}",
            event_id=event.cause.event_id,
            changed_at=NOON,
        )

        batch_apply(WIRING, [arrival(event_type, stream=user.id, sequence=1)])

        user.refresh_from_db()
        assert user.status == "suspended"
        assert user.status_changes.latest("id").code == "balance_not_zero"

    def test_refuse_the_command_that_they_tell_of(self):
        name = "transaction_command_rejected.v1"
        event = event_decode(name, (GOLDEN / f"{name}.json").read_bytes())
        row = asked_for(name)
        command = TransactionCommandFactory(id=event.command_id, transaction=row)

        batch_apply(WIRING, [arrival(name, stream=row.user_id, sequence=1)])

        command.refresh_from_db()
        assert (command.status, command.rejection_code) == ("rejected", "hold_expired")

    def test_are_all_the_events_that_are_wired(self):
        assert set(WIRING.handlers) <= set(TOLD)


class TestPages:
    @pytest.fixture(autouse=True)
    def fresh(self):
        event_pages._page.cache_clear()
        yield
        event_pages._page.cache_clear()

    def test_show_every_event(self, client):
        response = client.get("/users/docs/events")

        page = response.content.decode()
        assert response.status_code == 200
        assert all(f'<h2 id="{name}">' in page for name in EVENT_TYPES)
        assert 'href="/users/static/events/events.css"' in page
        assert finders.find("events/events.css")

    def test_escape_whatever_an_example_holds(self, client, monkeypatch):
        examples = {
            name: message["examples"][0]["payload"]
            for name, message in asyncapi_published()["components"]["messages"].items()
        }
        examples["transaction_created.v1"]["description"] = "</pre><script>alert(1)</script>"
        monkeypatch.setattr(event_pages, "asyncapi_published", lambda: asyncapi_document(examples))

        page = client.get("/users/docs/events").content.decode()

        assert "<script" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_offer_the_committed_document(self, client):
        response = client.get("/users/schema/events")

        assert response.content == (ROOT / DOCUMENTS / "asyncapi.json").read_bytes()
