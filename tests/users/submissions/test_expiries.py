"""The sweep that tells the ledger of holds whose deadline is over."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.events.codec import event_decode
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from users.submissions import tasks
from users.submissions.expiries import holds_expire
from users.submissions.models import TransactionCommand
from users.submissions.selectors import holds_overdue
from users.submissions.tasks import holds_expire as sweep

pytestmark = pytest.mark.django_db


def overdue(**members):
    return TransactionRequestFactory(**{"hold": True, "status": "authorised", **members})


class TestSweep:
    def test_tells_of_every_hold_that_is_overdue(self, alice, bob):
        rows = [overdue(user=user) for user in (alice, bob, alice)]

        assert sweep() == 3

        commands = TransactionCommand.objects.in_bulk(field_name="id")
        messages = OutboxMessage.objects.order_by("stream", "sequence")
        events = [event_decode(message.type, bytes(message.data)) for message in messages]
        assert {event.TYPE for event in events} == {"transaction_expiry_due.v1"}
        assert {event.transaction_id for event in events} == {row.id for row in rows}
        for message, event in zip(messages, events, strict=True):
            command = commands[event.command_id]
            assert (command.type, command.status) == ("expiry", "pending")
            assert command.transaction_id == event.transaction_id
            assert command.transaction.user_id == message.stream
            assert command.accepted_at == event.accepted_at == message.occurred_at
            assert event.accepted_at >= command.transaction.hold_expires_at
            assert message.actor == "system:hold_expiry"
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 2
        assert OutboxStream.objects.get(stream=bob.id).last_sequence == 1

    def test_finds_nothing_to_do_the_second_time(self):
        overdue()

        assert (sweep(), sweep()) == (1, 0)
        assert OutboxMessage.objects.count() == TransactionCommand.objects.count() == 1

    @pytest.mark.parametrize(
        "members",
        [
            {"status": "pending"},
            {"status": "posted"},
            {"status": "voided"},
            {"status": "expired"},
            {"hold_expires_in_s": 3600, "accepted_at": timezone.now() + timedelta(days=1)},
        ],
    )
    def test_leaves_alone_what_is_not_overdue(self, members):
        overdue(**members)

        assert sweep() == 0
        assert not OutboxMessage.objects.exists()

    def test_leaves_alone_whose_expiry_is_on_its_way(self):
        TransactionCommandFactory(expiry=True)

        assert sweep() == 0

    def test_tells_again_of_a_hold_whose_expiry_was_refused(self):
        """Its event was discarded by staff, and the hold is still there."""
        TransactionCommandFactory(expiry=True, rejected=True)

        assert sweep() == 1

    def test_sees_all_of_them_in_small_transactions(self, monkeypatch):
        monkeypatch.setattr(tasks, "_AT_ONCE", 2)
        for _ in range(5):
            overdue()

        assert sweep() == 5
        assert TransactionCommand.objects.filter(type="expiry").count() == 5

    def test_takes_the_oldest_first(self):
        late, later = (overdue(hold_expires_in_s=seconds) for seconds in (7200, 60))

        assert holds_expire(limit=1) == 1

        assert TransactionCommand.objects.get().transaction_id == later.id
        assert [row.id for row in holds_overdue()] == [late.id]

    def test_takes_holds_of_users_who_may_do_nothing(self):
        row = overdue(user=UserFactory(status="suspended"))

        assert sweep() == 1
        assert OutboxMessage.objects.get().stream == row.user_id

    def test_asks_no_more_for_more_holds(self, django_assert_num_queries):
        for _ in range(2):
            overdue()
        with CaptureQueriesContext(connection) as few:
            holds_expire(limit=100)
        for _ in range(20):
            overdue()
        with django_assert_num_queries(len(few)):
            holds_expire(limit=100)

    def test_reads_overdue_holds_by_their_index(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")

        assert "transaction_request_holds" in holds_overdue()[:10].explain()


def test_noon_is_over():
    """Holds of the factory expire at one o'clock of a day that is gone."""
    assert timezone.now() > NOON + timedelta(hours=1)
