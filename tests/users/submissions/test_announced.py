"""What users says of its events to the other service, from what they announced."""

import msgspec
import pytest
from django.test import Client

from common.events.codec import event_decode
from common.ids import uuid7
from common.internal.contracts import AnnouncedPage
from common.outbox.models import OutboxMessage
from tests.factories.users import TransactionRequestFactory
from users.submissions.models import TransactionCommand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(settings):
    def post(*ids):
        answer = Client().post(
            "/internal/v1/announced/query",
            {"ids": [str(one) for one in ids]},
            content_type="application/json",
            headers={"Authorization": f"Bearer {settings.PEER['SECRET_EXPECTED']}"},
        )
        assert answer.status_code == 200
        return msgspec.json.decode(answer.content, type=AnnouncedPage).data

    return post


def announced_of(event_type):
    return OutboxMessage.objects.filter(type=event_type).order_by("-position").first()


def spoil(message):
    """Whatever its data are, they must not matter."""
    OutboxMessage.objects.filter(pk=message.pk).update(data=b"{")


class TestAnnounced:
    def test_names_the_command_of_an_event_whose_data_are_broken(self, ask, command, alice):
        row = TransactionRequestFactory(user=alice, hold=True)
        assert command(alice, row, "capture", amount=100).status_code == 202
        message = announced_of("transaction_capture_requested.v1")
        sent = event_decode(message.type, bytes(message.data))
        spoil(message)

        (told,) = ask(message.id)

        assert (told.event_id, told.stream, told.sequence) == (
            message.id,
            message.stream,
            message.sequence,
        )
        assert event_decode(told.type, msgspec.json.encode(told.data)) == sent
        assert sent.command_id == TransactionCommand.objects.get(type="capture").id

    def test_tells_several_commands_of_one_transaction_apart(self, ask, command, alice):
        row = TransactionRequestFactory(user=alice, hold=True)
        for name in ("void", "capture", "void"):
            assert command(alice, row, name).status_code == 202
        messages = OutboxMessage.objects.filter(type__endswith="_requested.v1").order_by("position")

        told = ask(*(message.id for message in messages))

        sent = [event_decode(one.type, bytes(one.data)).command_id for one in messages]
        assert [str(one) for one in sent] == [one.data["command_id"] for one in told]
        assert len(set(sent)) == 3

    def test_names_the_request_of_an_event(self, ask, submit, alice):
        assert submit(alice).status_code == 202
        message = announced_of("transaction_created.v1")
        sent = event_decode(message.type, bytes(message.data))
        spoil(message)

        (told,) = ask(message.id)

        assert event_decode(told.type, msgspec.json.encode(told.data)) == sent

    def test_leaves_out_what_it_never_said(self, ask, submit, alice):
        submit(alice)
        message = announced_of("transaction_created.v1")
        OutboxMessage.objects.filter(pk=message.pk).update(subject=str(uuid7()))

        assert ask(message.id, uuid7()) == []
