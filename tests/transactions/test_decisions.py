"""What the ledger tells the other service of its decisions."""

import json

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from common.ids import uuid7
from tests.factories.commands import (
    CaptureFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund
from transactions.ledger import decisions
from transactions.ledger.management.commands import export_decisions
from transactions.ledger.models import LedgerTransaction

pytestmark = pytest.mark.django_db

DECISIONS = "/internal/v1/decisions"


@pytest.fixture
def ask(client):
    headers = {"Authorization": f"Bearer {settings.PEER['SECRET_EXPECTED']}"}

    def call(path, body=None):
        if body is None:
            return client.get(path, headers=headers).json()
        return client.post(path, body, content_type="application/json", headers=headers).json()

    return call


def decided():
    """A posted and a refused transfer."""
    fund(ALICE, 300)
    posted, refused = TransferFactory(), TransferFactory(amount=900)
    apply(posted, refused)
    return posted, refused


class TestDecisions:
    def test_tell_what_moved_and_what_was_refused(self, ask):
        posted, refused = decided()

        found = ask(f"{DECISIONS}/query", {"ids": [str(posted.transaction_id)] * 2})["data"]
        (other,) = ask(f"{DECISIONS}/query", {"ids": [str(refused.transaction_id)]})["data"]

        (one,) = found
        assert (one["id"], one["stream"]) == (str(posted.transaction_id), str(ALICE))
        assert (one["kind"], one["state"], one["rejection_code"]) == ("transfer", "posted", None)
        assert (one["amount"], one["captured_amount"], one["currency"]) == (250, 250, "EUR")
        assert (other["state"], other["captured_amount"]) == ("rejected", 0)
        assert other["rejection_code"] == "insufficient_funds"

    def test_tell_what_went_back(self, ask):
        posted, _ = decided()
        apply(ReverseFactory(transaction_id=posted.transaction_id, amount=100))

        (one,) = ask(f"{DECISIONS}/query", {"ids": [str(posted.transaction_id)]})["data"]

        assert (one["state"], one["captured_amount"]) == ("partially_reversed", 250)
        assert one["reversed_amount"] == 100

    def test_are_about_requests_only_with_what_became_of_them(self, ask):
        fund(ALICE, 300)
        hold = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=hold.transaction_id, amount=200)
        refused = VoidFactory(transaction_id=hold.transaction_id)
        stray = VoidFactory()
        apply(hold, capture, refused, stray)

        every = ask(f"{DECISIONS}?limit=100")["data"]
        asked = ask(
            f"{DECISIONS}/query",
            {"ids": [str(one.recorded_as) for one in (hold, capture, refused, stray)]},
        )["data"]

        assert [one["kind"] for one in every] == ["deposit", "transfer"]
        assert asked == every[1:]
        assert (asked[0]["state"], asked[0]["captured_amount"]) == ("posted", 200)

    def test_come_in_pages_by_id_and_within_bounds(self, ask):
        decided()
        every = [str(row.id) for row in LedgerTransaction.objects.order_by("id")]

        first = ask(f"{DECISIONS}?limit=2")
        rest = ask(f"{DECISIONS}?limit=2&after={first['after']}")
        bounded = ask(f"{DECISIONS}?after={every[0]}&until={every[2]}")

        assert [one["id"] for one in first["data"] + rest["data"]] == every
        assert rest["after"] is None
        assert [one["id"] for one in bounded["data"]] == every[1:2]

    @pytest.mark.parametrize("path", [DECISIONS, "/internal/v1/streams"])
    def test_are_for_the_other_service_only(self, client, path):
        secret = settings.PEER["SECRET_SHOWN"]

        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 401


class TestExport:
    def test_writes_every_decision_by_id(self, tmp_path, monkeypatch):
        monkeypatch.setattr(export_decisions, "timeouts_use", lambda _: None)
        monkeypatch.setattr(decisions, "_PAGE", 2)
        decided()
        file = tmp_path / "ledger.ndjson"

        call_command("export_decisions", "--file", str(file))

        header, *lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert header["held"] == []
        assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
        assert len(lines) == 3

    def test_never_writes_over_a_file(self, tmp_path):
        file = tmp_path / "ledger.ndjson"
        file.write_text("kept")

        with pytest.raises(CommandError, match="File exists"):
            call_command("export_decisions", "--file", str(file))

        assert file.read_text() == "kept"


def test_unknown_ids_have_no_decision(ask):
    assert ask(f"{DECISIONS}/query", {"ids": [str(uuid7()), str(BOB)]})["data"] == []
