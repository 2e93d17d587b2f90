"""Who may ask, what they must ask with, and what they are told."""

import socket
import threading
from contextlib import contextmanager

import pytest

from common.ids import uuid7
from common.internal import client
from common.internal.client import PeerAway, peer_ask, peer_pages
from common.internal.contracts import StandingPage
from tests.common.reconciliation.two_sides import PEER_SECRET, applied, kept
from tests.factories.events import ALICE, BOB

pytestmark = pytest.mark.django_db(transaction=True)

STREAMS = "/internal/v1/streams"


@pytest.fixture
def ask(client, settings):
    settings.PEER = {**settings.PEER, "SECRET_EXPECTED": PEER_SECRET}

    def call(path=STREAMS, body=None, secret=PEER_SECRET):
        headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
        if body is None:
            return client.get(path, headers=headers)
        return client.post(path, body, content_type="application/json", headers=headers)

    return call


class TestAuthentication:
    @pytest.mark.parametrize("secret", [None, "", "x" * 32, PEER_SECRET + "x", "ä" * 40])
    @pytest.mark.parametrize("path", [STREAMS, "/internal/v1/requests"])
    def test_is_needed(self, ask, secret, path):
        refused = ask(path, secret=secret)

        assert refused.status_code == 401
        assert refused["Content-Type"] == "application/problem+json"

    def test_takes_the_secret_of_its_direction_only(self, ask, settings):
        assert ask(secret=settings.PEER["SECRET_SHOWN"]).status_code == 401
        assert ask().status_code == 200


class TestParameters:
    @pytest.mark.parametrize(
        "body",
        [[], {}, {"ids": "x"}, {"ids": [1]}, {"ids": ["x"]}, {"ids": [str(ALICE)] * 1001}],
        ids=str,
    )
    def test_must_be_ids(self, ask, body):
        refused = ask(f"{STREAMS}/query", body)

        assert (refused.status_code, refused.json()["code"]) == (400, "invalid")

    @pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=x", "until=1"])
    def test_must_be_a_page(self, ask, query):
        assert ask(f"{STREAMS}?{query}").status_code == 400

    def test_may_name_a_thousand_ids(self, ask):
        answer = ask(f"{STREAMS}/query", {"ids": [str(uuid7()) for _ in range(1000)]})

        assert len(answer.json()["data"]) == 1000


@pytest.mark.usefixtures("peer")
class TestStreams:
    def test_tell_how_far_they_were_applied_and_what_stands_in_the_way(self):
        last, dead, parked = uuid7(), uuid7(), uuid7()
        applied(ALICE, 3, last, forked=True)
        kept(ALICE, 4, dead)
        kept(ALICE, 6, uuid7(), state="waiting")
        kept(ALICE, 9, parked, state="waiting")
        kept(ALICE, 12, uuid7())
        kept(ALICE, 4, uuid7(), state="superseded")

        page = peer_ask("streams", [ALICE, BOB], StandingPage)

        unknown, one = page.data
        assert page.consumer == "users"
        assert (one.stream, one.last_sequence, one.last_event_id) == (ALICE, 3, last)
        assert (one.forked, one.held) == (True, (dead,))
        assert (one.waiting_sequence, one.waiting_event_id) == (9, parked)
        assert (unknown.stream, unknown.last_sequence, unknown.held) == (BOB, 0, ())

    def test_come_in_pages(self, monkeypatch):
        monkeypatch.setattr(client, "IDS_MAX", 2)
        streams = sorted(uuid7() for _ in range(5))
        for stream in streams:
            applied(stream, 1, uuid7())

        pages = list(peer_pages("streams", StandingPage))

        assert [len(page.data) for page in pages] == [2, 2, 1]
        assert [one.stream for page in pages for one in page.data] == streams


class TestClient:
    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
            b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
            b"SSH-2.0\r\n",
            b"",
        ],
        ids=["another document", "half an answer", "503", "another protocol", "nothing"],
    )
    def test_tells_what_is_wrong_with_an_answer(self, settings, answer):
        with answering(answer) as url:
            settings.PEER = {**settings.PEER, "URL": url}
            with pytest.raises(PeerAway, match="transactions"):
                peer_ask("streams", [ALICE], StandingPage)

    def test_waits_no_longer_than_it_must(self, settings):
        with answering(None) as url:
            settings.PEER = {**settings.PEER, "URL": url}
            with pytest.raises(PeerAway, match="timed out"):
                peer_ask("streams", [ALICE], StandingPage, read_s=0.2)


@contextmanager
def answering(answer):
    """A server that gives one answer, or with None none at all."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            if answer is None:
                done.wait(10)
            else:
                connection.sendall(answer)

    serving = threading.Thread(target=serve)
    serving.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    done.set()
    serving.join(10)
    listener.close()
