"""GET /api/v1/transactions/{id}/events: every status once, in order, until the outcome."""

import pytest

from common import held_requests
from common.ids import uuid7
from tests.factories.users import TransactionRequestFactory, UserFactory, status_lead
from tests.users.conftest import TRANSACTIONS
from tests.users.submissions.holding import (
    NEVER_S,
    event_read,
    events_read,
    sessions,
    waiting_room_of_its_own,  # noqa: F401  a fixture
    waits_for,
)
from tests.users.submissions.test_command_outcomes import authorised, captured, reversal
from tests.users.submissions.test_outcomes import consume, posted, rejected
from users.submissions import status_stream
from users.submissions.waiters import waiting_room

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watch(client_of):
    """GET the events of a transaction, as its owner unless told otherwise."""

    def get(row, /, *, by=None, seen=None, method="get", **headers):
        if seen is not None:
            headers["Last-Event-ID"] = seen
        client = client_of(by or row.user)
        return getattr(client, method)(f"{TRANSACTIONS}/{row.id}/events", headers=headers)

    return get


@pytest.fixture
def pending_hold():
    return TransactionRequestFactory(hold=True)


def ids(events) -> list[str]:
    return [event["id"] for event in events]


class TestStream:
    @pytest.fixture(autouse=True)
    def deaf(self, monkeypatch, settings):
        """It looks only when it is told to, and lasts as long as it takes."""
        monkeypatch.setattr(status_stream, "TICK_S", NEVER_S)
        settings.EVENT_STREAM_MAX_S = NEVER_S

    def test_tells_every_status_as_it_comes_and_ends_with_the_outcome(self, watch, pending_hold):
        answer = watch(pending_hold)
        chunks = iter(answer.streaming_content)

        assert answer["Content-Type"] == "text/event-stream"
        assert answer["Cache-Control"] == "no-store"
        assert next(chunks) == b"retry: 1000\n\n"
        first = event_read(chunks)
        assert (first["event"], first["id"]) == ("status", "pending-0")
        consume(authorised(pending_hold))
        assert event_read(chunks)["data"]["status"] == "authorised"
        consume(captured(pending_hold, 100))
        last = event_read(chunks)
        assert (last["id"], last["data"]["captured_amount"]) == ("posted-0", 100)
        assert next(chunks, None) is None
        assert not waits_for(pending_hold.id)

    def test_has_what_a_get_would_show_as_data(self, watch, client_of):
        row = TransactionRequestFactory(rejected=True, description="a\u2028b\r\n\u00e9")

        (event,) = events_read(watch(row).content)

        shown = client_of(row.user).get(f"{TRANSACTIONS}/{row.id}").json()
        assert event["data"] == shown

    def test_leaves_out_nothing_that_went_by_unseen(self, watch, pending_hold):
        chunks = iter(watch(pending_hold).streaming_content)
        next(chunks)
        event_read(chunks)

        consume(authorised(pending_hold), captured(pending_hold, 100))
        consume(reversal(pending_hold, 100, 100, whole=100))

        events = events_read(next(chunks))
        assert ids(events) == ["authorised-0", "posted-0", "reversed-100"]
        held, captured_, given_back = (event["data"] for event in events)
        assert (held["captured_amount"], held["settled_at"]) == (0, None)
        assert (captured_["captured_amount"], captured_["reversed_amount"]) == (100, 0)
        assert given_back["reversed_amount"] == 100
        assert next(chunks, None) is None

    def test_holds_no_connection_while_nothing_happens(self, watch, pending_hold):
        answer = watch(pending_hold)
        chunks = iter(answer.streaming_content)
        next(chunks)
        event_read(chunks)

        assert sessions(listeners=False) == []
        consume(authorised(pending_hold))
        assert event_read(chunks)["id"] == "authorised-0"
        answer.close()

    def test_goes_on_for_who_is_suspended_meanwhile(self, watch, pending_hold):
        """Reading ends with the access token."""
        chunks = iter(watch(pending_hold).streaming_content)
        next(chunks)
        event_read(chunks)
        status_lead(pending_hold.user, "suspended")

        consume(rejected(pending_hold))

        assert event_read(chunks)["data"]["status"] == "rejected"


class TestEnd:
    def test_comes_after_the_longest_time_without_an_outcome(self, watch, pending_hold, settings):
        settings.EVENT_STREAM_MAX_S = 0.05

        raw = b"".join(watch(pending_hold).streaming_content)

        assert ids(events_read(raw)) == ["pending-0"]
        assert not waits_for(pending_hold.id)

    def test_comes_when_the_process_has_to_end(self, watch, pending_hold, settings, monkeypatch):
        settings.EVENT_STREAM_MAX_S = NEVER_S
        chunks = iter(watch(pending_hold).streaming_content)
        next(chunks)
        event_read(chunks)

        monkeypatch.setattr(held_requests, "_ending", lambda: True)

        assert set(chunks) <= {b":\n\n"}

    def test_is_put_off_by_comments(self, watch, pending_hold, monkeypatch, settings):
        monkeypatch.setattr(status_stream, "TICK_S", 0.01)
        settings.EVENT_STREAM_MAX_S = NEVER_S
        answer = watch(pending_hold)
        chunks = iter(answer.streaming_content)
        next(chunks)
        event_read(chunks)

        assert [next(chunks) for _ in range(3)] == [b":\n\n"] * 3
        answer.close()

    @pytest.mark.parametrize("read", [0, 1, 2])
    def test_by_the_client_gives_the_place_back(self, watch, pending_hold, settings, read):
        settings.WEB_THREADS = 4
        answer = watch(pending_hold)
        chunks = iter(answer.streaming_content)
        for _ in range(read):
            next(chunks)
        assert waits_for(pending_hold.id)

        answer.close()

        assert not waits_for(pending_hold.id)


class TestResume:
    def test_tells_nothing_again(self, watch, pending_hold, settings):
        settings.EVENT_STREAM_MAX_S = 0.05

        raw = b"".join(watch(pending_hold, seen="pending-0").streaming_content)

        assert events_read(raw) == []

    @pytest.mark.parametrize(
        ("seen", "told"),
        [
            (None, ["partially_reversed-50"]),
            ("", ["partially_reversed-50"]),
            ("pending-0", ["authorised-0", "posted-0", "partially_reversed-50"]),
            ("authorised-0", ["posted-0", "partially_reversed-50"]),
            ("posted-0", ["partially_reversed-50"]),
            ("partially_reversed-20", ["partially_reversed-50"]),
        ],
    )
    def test_misses_nothing(self, watch, seen, told):
        row = TransactionRequestFactory(hold=True, status="authorised")
        consume(captured(row, 100), reversal(row, 50, 50, whole=100))

        answer = watch(row, seen=seen)

        assert ids(events_read(answer.content)) == told

    @pytest.mark.parametrize(
        ("seen", "outcome"),
        [("posted-0", posted), ("rejected-0", rejected), ("reversed-9", posted)],
    )
    def test_of_what_was_all_seen_is_204_so_that_nobody_asks_again(self, watch, seen, outcome):
        row = TransactionRequestFactory()
        consume(outcome(row))

        answer = watch(row, seen=seen)

        assert (answer.status_code, answer.content) == (204, b"")

    @pytest.mark.parametrize("seen", ["7", "posted", "posted-", "done-0", "posted-0-0", "posted-x"])
    @pytest.mark.parametrize("method", ["get", "head"])
    def test_after_what_was_never_told_is_400(self, watch, pending_hold, seen, method):
        answer = watch(pending_hold, seen=seen, method=method)

        assert answer.status_code == 400
        if method == "get":
            assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


class TestPlaces:
    def test_that_are_taken_are_told_with_when_to_come_again(self, watch, pending_hold, settings):
        settings.WEB_THREADS = 4
        first = watch(pending_hold)

        answer = watch(pending_hold)

        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "waiting_places_taken"
        first.close()
        again = watch(pending_hold)
        assert again.status_code == 200
        again.close()

    def test_are_not_needed_for_what_is_settled(self, watch, settings):
        settings.WEB_THREADS = 0
        row = TransactionRequestFactory(posted=True)

        answer = watch(row)

        assert ids(events_read(answer.content)) == ["posted-0"]


class TestAccess:
    def test_is_for_who_may_see_it(self, watch, bob, anonymous):
        row = TransactionRequestFactory(transfer=True)

        for somebody in (bob, row.counterparty):
            assert watch(row, by=somebody).status_code == 404
        assert anonymous.get(f"{TRANSACTIONS}/{row.id}/events").status_code == 401
        assert not waiting_room()._waiters

    def test_is_for_the_receiver_once_it_is_posted(self, watch):
        row = TransactionRequestFactory(transfer=True, posted=True)

        answer = watch(row, by=row.counterparty)

        assert ids(events_read(answer.content)) == ["posted-0"]

    def test_is_for_the_treasury_that_asked(self, watch, treasury):
        row = TransactionRequestFactory(kind="deposit", requested_by=treasury, posted=True)

        assert watch(row, by=treasury).status_code == 200

    def test_of_nothing_is_404(self, client_of, alice):
        answer = client_of(alice).get(f"{TRANSACTIONS}/{uuid7()}/events")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer["Content-Type"] == "application/problem+json"


class TestForm:
    @pytest.mark.parametrize("accept", ["text/event-stream", "text/*", "*/*", "a/b, */*;q=0.1"])
    def test_is_an_event_stream(self, watch, accept):
        row = TransactionRequestFactory(posted=True)

        answer = watch(row, Accept=accept)

        assert (answer.status_code, answer["Content-Type"]) == (200, "text/event-stream")

    @pytest.mark.parametrize("accept", ["application/json", "text/html", "application/*"])
    def test_is_nothing_else(self, watch, pending_hold, accept):
        answer = watch(pending_hold, Accept=accept)

        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
    def test_is_asked_for_with_get(self, watch, pending_hold, method):
        answer = watch(pending_hold, method=method)

        assert answer.status_code == 405
        assert answer["Allow"] == "GET, HEAD"
        assert answer["Content-Type"] == "application/problem+json"

    def test_is_told_to_head_without_watching(self, watch, pending_hold):
        answer = watch(pending_hold, method="head")

        assert (answer.status_code, answer["Content-Type"]) == (200, "text/event-stream")
        assert b"".join(answer.streaming_content) == b""
        assert not waits_for(pending_hold.id)

    def test_is_204_to_head_when_all_is_seen(self, watch):
        row = TransactionRequestFactory(posted=True)

        assert watch(row, seen="posted-0", method="head").status_code == 204
        assert watch(row, by=UserFactory(), method="head").status_code == 404
