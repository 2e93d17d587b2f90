"""A made-up past as users has it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from common.demo_history.history import History
from common.demo_history.people import people
from common.demo_history.scale import Scale
from common.inbox.models import InboxCursor, InboxWaiting
from common.outbox.models import OutboxMessage, OutboxStream
from tests.users.identity.test_commands import NAMES
from users.demo_history import UsersPast
from users.identity.models import LoginEvent, User
from users.submissions.models import TransactionCommand, TransactionRequest

pytestmark = pytest.mark.django_db(transaction=True)

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
SCALE = Scale(transactions=600, users=100, dead_letters=25, until=UNTIL)


def past(keep_from=UNTIL - timedelta(days=30), scale=SCALE):
    return UsersPast(scale, keep_from=keep_from)


class TestUsersPast:
    def test_has_everybody_and_everything_that_was_asked_for(self):
        past().write(on_steps=lambda _: None)

        assert User.objects.count() == SCALE.users
        assert TransactionRequest.objects.count() == SCALE.transactions
        assert InboxWaiting.objects.filter(state="dead").count() == SCALE.dead_letters
        assert InboxWaiting.objects.filter(state="waiting").exists()
        assert LoginEvent.objects.exists()
        assert not [user for user in User.objects.all() if user.has_usable_password()]

    def test_is_of_every_kind(self):
        past().write(on_steps=lambda _: None)

        requests = TransactionRequest.objects.all()
        assert set(requests.values_list("kind", flat=True)) == {"transfer", "withdrawal", "deposit"}
        assert {"posted", "rejected", "voided", "reversed"} <= set(
            requests.values_list("status", flat=True)
        )
        assert len(set(requests.values_list("currency", flat=True))) == 5
        assert set(TransactionCommand.objects.values_list("status", flat=True)) == {
            "applied",
            "rejected",
        }
        times = sorted(requests.values_list("accepted_at", flat=True))
        assert times[0] >= SCALE.begins_at
        assert times[-1] <= UNTIL

    def test_numbers_streams_without_gaps_up_to_their_heads(self):
        past(keep_from=UNTIL - timedelta(days=200)).write(on_steps=lambda _: None)

        counts = Counter(
            OutboxMessage.objects.filter(stream__isnull=False).values_list("stream", flat=True)
        )
        for stream in OutboxStream.objects.all():
            messages = OutboxMessage.objects.filter(stream=stream.stream).order_by("sequence")
            sequences = list(messages.values_list("sequence", flat=True))
            assert sequences == list(range(1, stream.last_sequence + 1))
            assert messages.last().id == stream.last_event_id
        assert len(counts) == SCALE.users

    def test_stores_no_event_that_would_have_been_pruned(self):
        keep_from = UNTIL - timedelta(days=30)
        past(keep_from).write(on_steps=lambda _: None)

        kept = OutboxMessage.objects.filter(stream__isnull=False)
        assert kept.exists()
        assert not kept.filter(occurred_at__lt=keep_from - timedelta(seconds=5)).exists()
        assert not kept.filter(published_at=None).exists()

    def test_goes_on_where_it_was_interrupted(self):
        def tables():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*), sum(amount) FROM transaction_request")
                return cursor.fetchone(), OutboxMessage.objects.count(), User.objects.count()

        class Interrupted(Exception):
            pass

        def interrupt(_):
            raise Interrupted

        with pytest.raises(Interrupted):
            past().write(on_steps=interrupt)
        assert not past().is_whole()

        past().write(on_steps=lambda _: None)

        assert past().is_whole()
        assert tables()[0][0] == SCALE.transactions
        assert tables()[2] == SCALE.users

    def test_lets_only_the_active_act_and_remembers_what_the_ledger_said(self):
        past().write(on_steps=lambda _: None)

        accepting = set(
            OutboxStream.objects.filter(accepting=True).values_list("stream", flat=True)
        )
        assert accepting == set(User.objects.filter(status="active").values_list("id", flat=True))
        heads = History(SCALE, everybody := people(SCALE))
        answered = sum(len(burst.steps) + len(burst.opened) for burst in heads.bursts())
        cursors = InboxCursor.objects.filter(stream__in=[person.id for person in everybody])
        assert sum(cursors.values_list("last_sequence", flat=True)) == answered

    def test_obeys_the_rules_that_are_checked_at_commit(self):
        past().write(on_steps=lambda _: None)

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class TestSeedDemo:
    @pytest.fixture(autouse=True)
    def passwords(self, monkeypatch):
        for name in NAMES:
            monkeypatch.setenv(f"DEMO_{name.upper()}_PASSWORD", "a long enough pass phrase")

    @pytest.fixture(autouse=True)
    def same_connection(self, monkeypatch):
        """A test has one connection to its database."""
        monkeypatch.setattr(
            "users.identity.management.commands.seed_demo.timeouts_use", lambda _: None
        )

    def seed(self, **options):
        call_command("seed_demo", scale=True, **{"users": 20, "transactions": 100, **options})

    def test_says_that_a_past_is_there(self):
        self.seed(dead_letters=0, until=UNTIL)

        with pytest.raises(CommandError, match="this past is there already"):
            self.seed(dead_letters=0, until=UNTIL)
        with pytest.raises(CommandError, match="another past"):
            self.seed(dead_letters=0, users=21, until=UNTIL)

    def test_refuses_what_makes_no_past(self):
        with pytest.raises(CommandError, match="future"):
            self.seed(until=datetime(2999, 1, 1, tzinfo=UTC))
        for wrong in ("--users=3", "--transactions=x", "--until=tomorrow"):
            with pytest.raises(CommandError):
                call_command("seed_demo", "--scale", wrong)
