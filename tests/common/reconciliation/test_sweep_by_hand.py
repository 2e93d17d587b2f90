"""A sweep that cannot be made, and the command that makes one by hand."""

import json

import pytest
from django.core.management import CommandError, call_command

from common.ids import uuid7
from common.internal.client import PeerAway, PeerDenied
from common.kafka.broker import BrokerError
from common.reconciliation import sweep, tasks
from common.reconciliation.models import PeerCursor
from common.reconciliation.sweep import streams_reconcile
from tests.common.reconciliation.two_sides import ALL_READ, applied, say, unpublished
from tests.factories.events import ALICE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("peer")]


def reconcile():
    return streams_reconcile(places=lambda _: ALL_READ)


class TestTrouble:
    def test_with_the_other_service_changes_nothing(self, settings):
        say(ALICE, 2)
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}

        with pytest.raises(PeerAway, match="does not answer"):
            reconcile()

        assert unpublished(ALICE) == []

    def test_with_the_secret_says_which_one(self, settings):
        say(ALICE, 2)
        settings.PEER = {**settings.PEER, "SECRET_SHOWN": "x" * 32}

        with pytest.raises(PeerDenied, match="USERS_TO_TRANSACTIONS_SECRET"):
            reconcile()

    def test_with_kafka_changes_nothing(self):
        say(ALICE, 2)

        def places(_):
            raise BrokerError("it is away")

        with pytest.raises(BrokerError):
            streams_reconcile(places=places)

        assert unpublished(ALICE) == []
        assert not PeerCursor.objects.exists()

    def test_fails_no_housekeeping(self, settings):
        say(ALICE, 2)
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}

        tasks.reconcile_streams()

        assert unpublished(ALICE) == []


class TestCommand:
    @pytest.fixture(autouse=True)
    def everything_read(self, monkeypatch):
        monkeypatch.setattr(sweep, "group_places", lambda **_: ALL_READ)

    def test_says_what_it_did(self, capsys):
        say(ALICE, 2)

        call_command("reconcile_streams", "--json")

        said = json.loads(capsys.readouterr().out)
        assert (said["sent_again"], said["streams"]["repeated"]) == (2, 1)
        assert said["named"] == {str(ALICE): "repeated"}

    def test_takes_younger_events_when_told_to(self):
        say(ALICE, 2, published_s_ago=5)

        call_command("reconcile_streams", "--older-than", "1")

        assert unpublished(ALICE) == [1, 2]

    def test_fails_when_a_person_is_needed(self):
        say(ALICE, 2)
        applied(ALICE, 2, uuid7())

        with pytest.raises(CommandError, match="1 streams need a person"):
            call_command("reconcile_streams")
