"""Waiting and streaming in real web processes: what only a server and its client can show."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone

from common.ids import uuid7
from tests.e2e.client import wait_for
from tests.factories.users import TransactionRequestFactory
from tests.users.conftest import TRANSACTIONS
from tests.users.submissions.holding import event_read, sessions
from tests.users.submissions.serving import SERVERS, web_process
from tests.users.submissions.test_command_outcomes import authorised, captured
from tests.users.submissions.test_outcomes import consume, posted
from users.identity.tokens import access_token_issue
from users.submissions.models import TransactionRequest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

ONE_PLACE = 4
"""Threads of which one may wait."""


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param


@pytest.fixture
def web(server, transactional_db, signing_keys):
    with web_process(server, signing_keys=signing_keys, threads=ONE_PLACE) as started:
        yield started


@pytest.fixture
def hold():
    return TransactionRequestFactory(hold=True)


@pytest.fixture
def client(web, hold):
    """Speaks for the owner of the hold."""
    with httpx.Client(base_url=web.url, timeout=30, trust_env=False) as speaking:
        speaking.headers.update(credentials(hold.user))
        yield speaking


def credentials(user) -> dict[str, str]:
    token = access_token_issue(user=user, session_id=uuid7(), at=timezone.now())
    return {"Authorization": f"Bearer {token}"}


def watching(client, row):
    return client.stream("GET", f"{TRANSACTIONS}/{row.id}/events")


def places_are_taken(client, row) -> bool | None:
    with watching(client, row) as answer:
        return True if answer.status_code == 503 else None


def place_is_free(client, row) -> bool | None:
    with watching(client, row) as answer:
        return True if answer.status_code == 200 else None


class TestWebProcess:
    def test_streams_what_happens_when_it_happens_and_ends(self, client, hold):
        with watching(client, hold) as answer:
            chunks = answer.iter_bytes()
            assert next(chunks) == b"retry: 1000\n\n"
            assert event_read(chunks)["id"] == "pending-0"
            consume(authorised(hold))
            assert event_read(chunks)["id"] == "authorised-0"
            consume(captured(hold))
            assert event_read(chunks)["id"] == "posted-0"
            assert event_read(chunks) is None

        assert client.get(f"{TRANSACTIONS}/{hold.id}").json()["status"] == "posted"

    def test_gives_the_place_of_a_watcher_who_hung_up_to_another(self, client, hold):
        with watching(client, hold) as answer:
            event_read(answer.iter_bytes())
            assert places_are_taken(client, hold)
            assert client.get(f"{TRANSACTIONS}/{hold.id}").status_code == 200

        wait_for("a place", lambda: place_is_free(client, hold))

    def test_ends_streams_before_it_ends(self, web, client, hold):
        with watching(client, hold) as answer:
            chunks = answer.iter_bytes()
            event_read(chunks)
            web.process.terminate()

            assert event_read(chunks) is None  # and not a broken connection

        assert web.end() == 0

    def test_answers_who_waits_when_there_is_an_outcome(self, client):
        with waiting_post(client, wait_s=10) as waiting:
            consume(posted(accepted()))

            assert waiting.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


class TestGunicorn:
    """It shows the connection, so a waiter who hung up is noticed at once and not at the end."""

    @pytest.fixture(params=["gunicorn"])
    def server(self, request):
        return request.param

    def test_gives_the_place_of_a_waiter_who_hung_up_to_another(self, client, hold):
        with waiting_post(client, wait_s=10):
            wait_for("somebody is admitted", lambda: sessions(listeners=True) or None)
            assert places_are_taken(client, hold)

        wait_for("a place", lambda: place_is_free(client, hold), deadline_s=5)


def waiting_post(client: httpx.Client, *, wait_s: int) -> socket.socket:
    """A POST that has been sent and is waited for, as its connection."""
    address = urlsplit(str(client.base_url))
    body = b'{"kind": "withdrawal", "amount": 1, "currency": "EUR"}'
    head = [
        f"POST {TRANSACTIONS} HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: {client.headers['Authorization']}",
        "Idempotency-Key: k",
        f"Prefer: wait={wait_s}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    connection = socket.create_connection((address.hostname, address.port), timeout=30)
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
    return connection


def accepted() -> TransactionRequest:
    """What was posted, as soon as it is accepted."""
    return wait_for(
        "the request", lambda: TransactionRequest.objects.filter(idempotency_key="k").first()
    )
