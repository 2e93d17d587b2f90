"""Seals that the ledger tells of are kept once and for good, and told back to it."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from structlog.testing import capture_logs

from common.events.contracts import JOURNAL_STREAM, JournalSealedV1
from common.internal import client as internal_client
from common.internal.contracts import KeptSealPage
from tests.common.reconciliation.two_sides import PEER_SECRET
from tests.factories.users import NOON
from tests.users.submissions.test_outcomes import received
from users.ledger_seals.management.commands import export_kept_seals
from users.ledger_seals.models import KeptSeal, SealConflict
from users.wiring import WIRING

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/internal/v1/kept-seals"


def digest(number):
    return f"{number:064x}"


def sealed(number, **members):
    return JournalSealedV1(
        **{
            "number": number,
            "entries": 3,
            "last_sequence": 3 * number,
            "previous": digest(number - 1),
            "digest": digest(number),
            "sealed_at": NOON,
            **members,
        }
    )


def consume(*events):
    """What the consumer does with one batch, but for cursors and offsets."""
    batch = WIRING.open_batch()
    for event in events:
        WIRING.handlers[event.TYPE](received(event, stream=JOURNAL_STREAM))(batch)
    with transaction.atomic():
        batch.write()


def kept():
    return {seal.number: seal.digest for seal in KeptSeal.objects.all()}


class TestKeeping:
    def test_keeps_what_the_ledger_tells(self):
        consume(sealed(1), sealed(2))

        assert kept() == {1: digest(1), 2: digest(2)}
        first = KeptSeal.objects.get(number=1)
        assert (first.entries, first.last_sequence, first.previous) == (3, 3, digest(0))

    def test_takes_the_same_again_as_nothing_new(self):
        consume(sealed(1))

        consume(sealed(1, sealed_at=NOON + timedelta(seconds=9)), sealed(2))

        assert kept() == {1: digest(1), 2: digest(2)}
        assert KeptSeal.objects.get(number=1).sealed_at == NOON
        assert not SealConflict.objects.exists()

    def test_keeps_another_seal_of_a_number_beside_it_and_raises_the_alarm(self):
        consume(sealed(1))

        with capture_logs() as logs:
            consume(sealed(1, digest=digest(99)), sealed(2))

        assert kept() == {1: digest(1), 2: digest(2)}
        assert SealConflict.objects.get().digest == digest(99)
        (alarm,) = [one for one in logs if one["event"] == "seal_conflicts"]
        assert (alarm["log_level"], alarm["number"]) == ("critical", "1")

    def test_keeps_a_conflict_once_however_often_it_is_told(self):
        consume(sealed(1))
        for _ in range(2):
            consume(sealed(1, digest=digest(99)))

        assert SealConflict.objects.count() == 1

    def test_notices_two_of_a_number_in_one_batch(self):
        consume(sealed(1), sealed(1, digest=digest(99)))

        assert kept() == {1: digest(1)}
        assert SealConflict.objects.count() == 1

    def test_raises_the_alarm_about_a_seal_that_follows_another(self):
        consume(sealed(1))

        with capture_logs() as logs:
            consume(sealed(2, previous=digest(77)))

        assert [one["event"] for one in logs] == ["seal_follows_another"]


class TestRules:
    @pytest.mark.parametrize("table", ["kept_seal", "seal_conflict"])
    @pytest.mark.parametrize(
        "statement", ["UPDATE {} SET entries = 1", "DELETE FROM {}", "TRUNCATE {}"]
    )
    def test_nothing_kept_is_ever_changed(self, table, statement):
        consume(sealed(1), sealed(1, digest=digest(99)))

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table))


class TestTelling:
    @pytest.fixture(autouse=True)
    def peer(self, settings, live_server):
        settings.PEER = {
            **settings.PEER,
            "URL": live_server.url,
            "SECRET_SHOWN": PEER_SECRET,
            "SECRET_EXPECTED": PEER_SECRET,
        }

    def test_gives_every_seal_by_pages(self, monkeypatch):
        monkeypatch.setattr(internal_client, "IDS_MAX", 2)
        consume(*[sealed(number) for number in range(1, 6)])

        pages = list(internal_client.peer_pages("kept-seals", KeptSealPage, after=1))

        assert [[seal.number for seal in page.data] for page in pages] == [[2, 3], [4, 5], []]
        assert pages[0].data[0].digest == digest(2)

    @pytest.mark.parametrize("query", ["after=x", "after=-1", "after=" + "9" * 19, "limit=0"])
    def test_refuses_what_is_no_page(self, client, query):
        headers = {"Authorization": f"Bearer {PEER_SECRET}"}

        assert client.get(f"{PATH}?{query}", headers=headers).status_code == 400

    def test_is_for_the_other_service_only(self, client):
        assert client.get(PATH).status_code == 401


class TestExport:
    def test_writes_every_seal(self, tmp_path, monkeypatch):
        monkeypatch.setattr(export_kept_seals, "timeouts_use", lambda _: None)
        monkeypatch.setattr("users.ledger_seals.selectors._PAGE", 2)
        consume(*[sealed(number) for number in range(1, 6)])
        file = tmp_path / "kept.ndjson"

        call_command("export_kept_seals", "--file", str(file))

        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [line["number"] for line in lines] == [1, 2, 3, 4, 5]
        assert lines[0]["digest"] == digest(1)
