"""A producer's database was restored; the other side has the newer half of its numbers."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from common.ids import uuid7
from common.outbox.append import outbox_append_many, stream_accepts
from common.outbox.models import OutboxMessage, OutboxStream
from common.reconciliation import resume
from common.reconciliation.resume import PeerStillReads, outbox_resume
from tests.common.outbox.test_append import new_event
from tests.common.reconciliation.two_sides import applied, kept, say
from tests.factories.events import ALICE, BOB

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("peer")]


def run(**options):
    return outbox_resume(lag=lambda _: 0, **options)


def head(stream):
    row = OutboxStream.objects.get(stream=stream)
    return row.last_sequence, row.last_event_id


class TestOutboxResume:
    def test_goes_on_behind_what_the_other_side_has_applied(self):
        say(ALICE, 2)
        last = uuid7()
        applied(ALICE, 7, last)

        report = run()

        assert (report.asked, report.moved) == (1, 1)
        assert head(ALICE) == (7, last)
        with transaction.atomic():
            (event_id,) = outbox_append_many(events=[new_event(ALICE)])
        assert OutboxMessage.objects.get(id=event_id).sequence == 8

    def test_goes_on_behind_what_waits_there_for_its_turn(self):
        ids = say(ALICE, 2)
        applied(ALICE, 2, ids[1])
        kept(ALICE, 3, uuid7())
        waiting = uuid7()
        kept(ALICE, 4, waiting, state="waiting")

        run()

        assert head(ALICE) == (4, waiting)

    def test_follows_no_dead_letter_to_a_number_that_may_be_forged(self):
        ids = say(ALICE, 2)
        applied(ALICE, 2, ids[1])
        kept(ALICE, 10**12, uuid7())

        run()

        assert head(ALICE) == (2, ids[1])

    def test_never_moves_back(self):
        ids = say(ALICE, 5)
        applied(ALICE, 3, ids[2])

        assert run().moved == 0
        assert head(ALICE) == (5, ids[4])

    def test_begins_unknown_streams_closed(self):
        applied(BOB, 3, uuid7())

        run()

        stream = OutboxStream.objects.get(stream=BOB)
        assert (stream.last_sequence, stream.accepting) == (3, False)

    def test_opens_and_closes_no_stream_that_was_there(self):
        say(ALICE, 1)
        OutboxStream.objects.create(stream=BOB, accepting=False)
        for stream in (ALICE, BOB):
            applied(stream, 9, uuid7())

        run()

        accepting = OutboxStream.objects.values_list("stream", "accepting")
        assert dict(accepting) == {ALICE: True, BOB: False}

    def test_again_does_nothing(self):
        applied(ALICE, 7, uuid7())
        run()

        assert run().moved == 0

    def test_reads_more_streams_than_fit_a_page(self, monkeypatch):
        monkeypatch.setattr("common.internal.client.IDS_MAX", 2)
        streams = [uuid7() for _ in range(5)]
        for stream in streams:
            applied(stream, 1, uuid7())

        assert run().moved == 5
        assert OutboxStream.objects.filter(stream__in=streams, last_sequence=1).count() == 5

    def test_changes_nothing_in_a_dry_run(self):
        applied(ALICE, 7, uuid7())

        report = run(dry_run=True)

        assert [(move.stream, move.before, move.after) for move in report.moves] == [
            (ALICE, None, 7)
        ]
        assert not OutboxStream.objects.exists()


class TestRefusal:
    def test_while_the_other_side_still_reads(self):
        applied(ALICE, 7, uuid7())

        with pytest.raises(PeerStillReads, match="has not read 3 records"):
            outbox_resume(lag=lambda _: 3)

        assert not OutboxStream.objects.exists()
        assert outbox_resume(lag=lambda _: 3, force=True).moved == 1

    def test_is_the_commands_error(self, monkeypatch):
        applied(ALICE, 7, uuid7())
        monkeypatch.setattr(resume, "group_lag", lambda **_: 1)

        with pytest.raises(CommandError, match="nothing was resumed"):
            call_command("outbox_resume", "--from-peer")


class TestPersonNeeded:
    @pytest.fixture(autouse=True)
    def everything_read(self, monkeypatch):
        monkeypatch.setattr(resume, "group_lag", lambda **_: 0)

    def test_where_traffic_came_before_it(self, capsys):
        say(ALICE, 3)
        applied(ALICE, 3, uuid7())

        with pytest.raises(CommandError, match="1 streams need a person"):
            call_command("outbox_resume", "--from-peer")

        assert f"{ALICE} is forked" in capsys.readouterr().out

    def test_where_an_event_is_nowhere_any_more(self, capsys):
        ids = say(ALICE, 2)
        applied(ALICE, 2, ids[1])
        kept(ALICE, 4, uuid7(), state="waiting")

        with pytest.raises(CommandError, match="1 streams need a person"):
            call_command("outbox_resume", "--from-peer")

        assert f"{ALICE} waits for an event that nobody has" in capsys.readouterr().out


def test_closed_stream_takes_no_requests():
    applied(BOB, 3, uuid7())
    run()

    assert not stream_accepts(stream=BOB)
