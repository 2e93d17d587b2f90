import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from common.outbox.letters import Letter, outbox_append_letters
from common.outbox.models import OutboxMessage, OutboxStream
from common.reconciliation import prune
from common.reconciliation.models import PeerCursor
from common.reconciliation.prune import outbox_prune
from common.reconciliation.tasks import prune_outbox
from tests.common.reconciliation.two_sides import say
from tests.factories.events import ALICE, BOB

pytestmark = pytest.mark.django_db(transaction=True)

OLD = 31 * 24 * 3600
LIMIT = timedelta(days=30)


def known(stream, sequence, verdict="agrees"):
    PeerCursor.objects.create(
        stream=stream, sequence=sequence, verdict=verdict, seen_at=timezone.now()
    )


def run(**options):
    return outbox_prune(before=timezone.now() - LIMIT, **options)


def left(stream):
    rows = OutboxMessage.objects.filter(stream=stream).order_by("sequence")
    return list(rows.values_list("sequence", flat=True))


class TestOutboxPrune:
    def test_removes_what_is_old_and_was_applied_and_nothing_above(self):
        say(ALICE, 5, published_s_ago=OLD)
        known(ALICE, 3)

        assert run() == 3
        assert left(ALICE) == [4, 5]

    def test_keeps_what_the_other_side_was_never_asked_about(self):
        say(ALICE, 2, published_s_ago=OLD)

        assert run() == 0
        assert left(ALICE) == [1, 2]

    def test_keeps_what_is_young_or_not_published(self):
        say(ALICE, 1, published_s_ago=OLD - 2 * 24 * 3600)
        say(BOB, 1, published_s_ago=None)
        known(ALICE, 1)
        known(BOB, 1)

        assert run() == 0

    def test_removes_letters_by_their_age_alone(self):
        with transaction.atomic():
            outbox_append_letters([Letter("users.dead-letters", b"k", b"v", [])] * 3)
        old, young, unpublished = OutboxMessage.objects.order_by("position")
        for letter, age_s in ((old, OLD), (young, OLD - 2 * 24 * 3600), (unpublished, None)):
            at = timezone.now() - timedelta(seconds=age_s or OLD)
            letter.occurred_at, letter.published_at = at, at if age_s else None
            letter.save()

        assert (run(dry_run=True), run()) == (1, 1)
        assert set(OutboxMessage.objects.all()) == {young, unpublished}

    def test_keeps_the_evidence_of_a_fork(self):
        say(ALICE, 2, published_s_ago=OLD)
        known(ALICE, 2, verdict="forked")

        assert run() == 0

    def test_leaves_the_numbers_of_the_stream_as_they_are(self):
        say(ALICE, 2, published_s_ago=OLD)
        known(ALICE, 2)

        run()
        say(ALICE, 1)

        assert left(ALICE) == [3]

    def test_goes_on_past_rows_that_stay(self, monkeypatch):
        monkeypatch.setattr(prune, "BATCH", 3)
        say(BOB, 7, published_s_ago=OLD)
        say(ALICE, 7, published_s_ago=OLD)
        known(ALICE, 7)
        batches = []

        assert run(on_batch=batches.append) == 7
        assert max(batches) <= 3
        assert (left(ALICE), left(BOB)) == ([], list(range(1, 8)))

    def test_looks_no_further_than_the_first_young_rows(self, monkeypatch):
        monkeypatch.setattr(prune, "BATCH", 2)
        monkeypatch.setattr("tests.factories.events.NOON", timezone.now())
        say(ALICE, 2, published_s_ago=OLD)
        OutboxMessage.objects.update(occurred_at=timezone.now())
        say(BOB, 20)
        batches = []

        run(on_batch=batches.append)

        assert len(batches) == 1

    def test_stops_after_as_many_rows_as_it_may_remove(self, monkeypatch):
        monkeypatch.setattr(prune, "BATCH", 2)
        say(ALICE, 10, published_s_ago=OLD)
        known(ALICE, 10)

        assert run(rows_max=4) == 4

    def test_counts_only_in_a_dry_run(self):
        say(ALICE, 2, published_s_ago=OLD)
        known(ALICE, 2)

        assert run(dry_run=True) == 2
        assert left(ALICE) == [1, 2]

    def test_loses_nothing_that_is_appended_meanwhile(self, monkeypatch):
        monkeypatch.setattr(prune, "BATCH", 5)
        say(ALICE, 50, published_s_ago=OLD)
        known(ALICE, 50)
        begun = threading.Event()

        def append():
            for _ in range(20):
                say(ALICE, 1, published_s_ago=None)
                begun.set()
            connection.close()

        appending = threading.Thread(target=append)
        appending.start()
        begun.wait(10)
        removed = run()
        appending.join(20)

        assert removed == 50
        assert left(ALICE) == list(range(51, 71))
        assert OutboxStream.objects.get(stream=ALICE).last_sequence == 70

    def test_spares_a_row_that_is_being_sent_again(self):
        ids = say(ALICE, 1, published_s_ago=OLD)
        known(ALICE, 1)
        locked, pruned = threading.Event(), []

        def prune_beside():
            locked.wait(10)
            pruned.append(run())
            connection.close()

        beside = threading.Thread(target=prune_beside)
        beside.start()
        with pytest.MonkeyPatch.context(), connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE outbox_message SET published_at = NULL WHERE id = %s", ids)
            locked.set()
            _wait_until_somebody_waits(cursor)
            cursor.execute("COMMIT")
        beside.join(20)

        assert pruned == [0]
        assert left(ALICE) == [1]


def _wait_until_somebody_waits(cursor):
    for _ in range(2000):
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        if cursor.fetchone()[0]:
            return
        cursor.execute("SELECT pg_sleep(0.005)")
    raise AssertionError("nobody came")


class TestCommandAndTask:
    def test_take_the_days_of_the_settings(self, settings, capsys):
        settings.OUTBOX_KEEP_DAYS = 40
        say(ALICE, 1, published_s_ago=OLD)
        known(ALICE, 1)

        assert prune_outbox() == 0
        call_command("prune_outbox")
        assert "0 events removed" in capsys.readouterr().out

        call_command("prune_outbox", "--days", "30", "--dry-run")
        assert "1 events would go" in capsys.readouterr().out
        call_command("prune_outbox", "--days", "30")
        assert left(ALICE) == []

    def test_refuse_less_than_a_day(self):
        with pytest.raises(CommandError, match="1 or more"):
            call_command("prune_outbox", "--days", "0")
