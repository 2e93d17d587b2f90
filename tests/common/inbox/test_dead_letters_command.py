"""`manage.py dead_letters`, as staff use it."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from common.inbox.batch import batch_apply
from common.inbox.halts import halt_current, halt_open
from common.inbox.models import DeadLetterAction, InboxCursor, InboxWaiting
from tests.common.inbox.ledger_of_events import (
    GUILTY,
    WIRING,
    applied_ids,
    arrivals_of,
    ids_of,
    stream_of,
)
from tests.factories.events import ALICE, BOB, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def echo(settings, monkeypatch):
    settings.EVENT_WIRING = "tests.common.inbox.ledger_of_events.WIRING"
    # The connection of the test is that of the command.
    monkeypatch.setattr(
        "common.inbox.management.commands.dead_letters.timeouts_use", lambda _: None
    )


def run(*words):
    out = StringIO()
    call_command("dead_letters", *map(str, words), stdout=out, stderr=out)
    return out.getvalue()


def run_json(*words):
    return json.loads(run(*words, "--json"))


@pytest.fixture
def letter(bury):
    return bury(*stream_of(ALICE, 4))


class TestList:
    def test_shows_what_is_dead_and_what_waits_behind_it(self, letter):
        (shown,) = run_json("list")["dead_letters"]

        assert (shown["id"], shown["class"], shown["sequence"]) == (letter.pk, "bug", 1)
        assert (shown["stream"], shown["behind"]) == (str(ALICE), 3)
        assert shown["error"] == "ValueError: cannot do 1"
        assert str(letter.pk) in run("list")

    def test_is_narrowed_by_what_is_known(self, letter):
        batch_apply(WIRING, arrivals_of(replace(record(stream=BOB), value=b"{")))

        def ids(*words):
            return [shown["id"] for shown in run_json("list", *words)["dead_letters"]]

        assert ids("--class", "bug") == ids("--stream", ALICE) == [letter.pk]
        assert ids("--error-contains", "cannot do") == [letter.pk]
        assert len(ids("--type", "transaction_created.v1")) == 2
        assert len(ids("--limit", 1)) == 1
        assert ids("--class", "forked") == []

    def test_warns_of_a_long_queue(self, letter, monkeypatch):
        monkeypatch.setattr("common.inbox.management.commands.dead_letters.BEHIND_MANY", 2)

        assert f"over 2 events wait behind {letter.pk}" in run("list")

    def test_escapes_what_came_in(self):
        bad = replace(record(type="\u202etransaction_created.v1"), value=b"{")
        batch_apply(WIRING, arrivals_of(bad))

        assert "\u202e" not in run("list")


class TestShow:
    def test_shows_everything_escaped_and_bounded(self):
        value = b"\xff\x00\xe2\x80\xae" + b"x" * 9000
        headers = [*record().headers, ("x-\u202e", None)]
        batch_apply(WIRING, arrivals_of(replace(record(), value=value, headers=headers)))
        letter = InboxWaiting.objects.get()

        shown = run_json("show", letter.pk)

        assert shown["value"].startswith("\\xff\\u0000\\u202e")
        assert shown["value"].endswith("more bytes")
        assert ["x-\\u202e", None] in shown["headers"]
        assert shown["place"] == "users.events/0@0"
        assert "\u202e" not in run("show", letter.pk)

    def test_shows_what_was_done(self, letter):
        run("discard", letter.pk, "--reason", "a test", "--actor", "carol")

        (action,) = run_json("show", letter.pk)["actions"]
        assert (action["actor"], action["reason"]) == ("staff:carol", "a test")

    def test_says_when_there_is_none(self):
        with pytest.raises(CommandError, match="no dead letter 7"):
            run("show", 7)


class TestReplay:
    def test_resolves_all_in_the_order_of_their_streams(self, letter, bury):
        other = bury(record(stream=BOB))

        found = run_json("replay", "--all")

        assert [r["result"] for r in found["resolutions"]] == ["replayed", "replayed"]
        assert {r["letter_id"] for r in found["resolutions"]} == {letter.pk, other.pk}
        assert len(applied_ids(ALICE)) == 4
        assert DeadLetterAction.objects.filter(actor__startswith="system:").count() == 2

    def test_fails_when_one_fails(self, letter):
        GUILTY.update([str(letter.event_id)])

        with pytest.raises(CommandError, match="1 of 1 were not resolved"):
            run("replay", letter.pk)

    def test_says_what_would_happen_and_changes_nothing(self, letter):
        out = run("replay", "--class", "bug", "--dry-run")

        assert f"{letter.pk}: replayed: applied" in out
        assert applied_ids(ALICE) == []
        assert InboxWaiting.objects.get(pk=letter.pk).state == "dead"

    @pytest.mark.parametrize("words", [[], ["--limit", "3"]])
    def test_wants_to_know_which(self, words):
        with pytest.raises(CommandError, match="say which"):
            run("replay", *words)

    def test_tells_of_letters_that_are_not_there_or_resolved(self, letter):
        run("replay", letter.pk)

        with pytest.raises(CommandError, match="2 of 2"):
            run("replay", letter.pk, letter.pk + 99)


class TestDiscard:
    def test_lets_the_stream_go_on(self, letter):
        run("discard", letter.pk, "--reason", "a test")

        assert len(applied_ids(ALICE)) == 3

    def test_of_rubbish_lets_it_wait(self, letter):
        run("discard", letter.pk, "--rubbish", "--reason", "forged")

        assert applied_ids(ALICE) == []
        assert InboxWaiting.objects.get(pk=letter.pk).state == "discarded"

    def test_wants_a_reason(self, letter):
        with pytest.raises(CommandError, match="--reason"):
            run("discard", letter.pk)


class TestResume:
    def test_ends_the_halt(self):
        halt_open(consumer="echo", reason="too much")

        assert "too much" in run("resume", "--reason", "mended")

        assert halt_current(consumer="echo") is None

    def test_says_when_there_is_nothing_to_resume(self):
        with pytest.raises(CommandError, match="not halted"):
            run("resume", "--reason", "mended")


class TestUnfork:
    def test_lets_the_stream_go_on(self):
        first, second = stream_of(ALICE, 2)
        batch_apply(WIRING, arrivals_of(first, record(stream=ALICE, offset=9), second))

        run("unfork", "--stream", ALICE, "--reason", "its producer was resumed")

        assert applied_ids(ALICE) == ids_of([first, second])
        assert InboxCursor.objects.get(stream=ALICE).forked_at is None


class TestActions:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE inbox_dead_letter_action SET actor = 'staff:nobody'",
            "DELETE FROM inbox_dead_letter_action",
            "TRUNCATE inbox_dead_letter_action",
            "DELETE FROM consumer_halt",
        ],
    )
    def test_are_never_changed(self, letter, statement):
        run("discard", letter.pk, "--reason", "a test")

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            execute(statement)


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
