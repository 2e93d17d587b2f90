"""The API's client against a real server that misbehaves as it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from common.client import (
    AnswerUnreadable,
    ApiClient,
    NoAnswer,
    RequestRefused,
    Retrying,
    ServiceUnavailable,
    Session,
    SignedOut,
    SignInIncomplete,
    StillPending,
    Transfer,
    Withdrawal,
)
from common.client.retrying import retry_after_s
from common.ids import uuid7
from tests.unit.scripted_server import Answer, Asked, ScriptedServer, in_turn, serving

BOB = uuid7()
QUICK = Retrying(deadline_s=5, first_pause_s=0.01, longest_pause_s=0.05)
OVER = {"status": 401, "code": "not_authenticated", "title": "An access token is needed"}
AWAY = {"status": 503, "code": "unavailable", "title": "Not available", "request_id": "r-1"}
LUNCH = Transfer(amount=2500, currency="EUR", counterparty=BOB)


def transaction(**members: object) -> dict[str, object]:
    return {
        "id": str(uuid7()),
        "kind": "transfer",
        "status": "pending",
        "amount": 2500,
        "currency": "EUR",
        "user": str(uuid7()),
        "counterparty": str(BOB),
        "capture": "automatic",
        "captured_amount": 0,
        "reversed_amount": 0,
        "created_at": "2026-01-02T12:00:00Z",
        "something_new": True,
        **members,
    }


def dumped(body: object) -> bytes:
    return json.dumps(body).encode()


def tokens(number: int) -> dict[str, str]:
    return {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}


SIGNED_IN = Answer(
    body={"data": {"user": {"id": str(uuid7())}}, "meta": {"session_token": "s", **tokens(1)}}
)


@contextmanager
def signed_in(
    script: Callable[[Asked], Answer], *, retrying: Retrying = QUICK, answer_within_s: float = 5
) -> Iterator[tuple[Session, ScriptedServer]]:
    """A session on a server that answers everything but the sign-in by the script."""

    def answer(asked: Asked) -> Answer:
        return SIGNED_IN if asked.path.endswith("/auth/login") else script(asked)

    with (
        serving(answer) as server,
        ApiClient(server.url, retrying=retrying, answer_within_s=answer_within_s) as api,
    ):
        yield api.sign_in("alice@example.com", "a password"), server


class TestRetrying:
    @pytest.mark.parametrize(
        "trouble",
        [
            Answer(cut=True),
            Answer(429, {"status": 429, "code": "rate_limited"}),
            Answer(502, b"<html>Bad gateway</html>"),
            Answer(503, AWAY),
            Answer(504, {"status": 504, "code": "timeout"}),
        ],
        ids=lambda answer: "cut" if answer.cut else str(answer.status),
    )
    def test_keeps_one_key_over_all_tries(self, trouble):
        made = transaction()
        with signed_in(in_turn(trouble, trouble, Answer(202, made))) as (alice, server):
            found = alice.submit(LUNCH)

        assert str(found.id) == made["id"]
        asked = server.of("/transactions")
        assert len(asked) == 3
        assert len({each.headers["Idempotency-Key"] for each in asked}) == 1
        assert {each.body["counterparty"] for each in asked} == {str(BOB)}

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422, 500])
    def test_leaves_it_at_one_when_the_same_again_cannot_help(self, status):
        refused = {
            "status": status,
            "code": "invalid",
            "request_id": "r-7",
            "errors": [{"field": "amount", "code": "out_of_range", "detail": "Too much."}],
        }
        with signed_in(in_turn(Answer(status, refused))) as (alice, server):
            with pytest.raises(RequestRefused) as raised:
                alice.submit(LUNCH, idempotency_key="lunch")

            assert len(server.of("/transactions")) == 1
        error = raised.value
        assert (error.status, error.code, error.field) == (status, "invalid", "amount")
        assert (error.request_id, error.idempotency_key) == ("r-7", "lunch")

    def test_waits_for_as_long_as_the_server_asks(self):
        busy = Answer(503, AWAY, {"Retry-After": "1"})
        with signed_in(in_turn(busy, Answer(202, transaction()))) as (alice, _):
            began = time.monotonic()
            alice.submit(LUNCH)

        assert time.monotonic() - began >= 1

    def test_gives_up_at_once_when_it_would_have_to_wait_past_its_deadline(self):
        busy = Answer(503, AWAY, {"Retry-After": "3600"})
        with signed_in(in_turn(busy)) as (alice, server):
            with pytest.raises(ServiceUnavailable) as raised:
                alice.submit(LUNCH, idempotency_key="lunch")

            assert len(server.of("/transactions")) == 1
        assert (raised.value.code, raised.value.idempotency_key) == ("unavailable", "lunch")

    def test_gives_up_after_its_deadline(self):
        brief = Retrying(deadline_s=0.5, first_pause_s=0.01, longest_pause_s=0.05)
        with signed_in(in_turn(Answer(503, AWAY)), retrying=brief) as (alice, server):
            began = time.monotonic()
            with pytest.raises((ServiceUnavailable, NoAnswer)):
                alice.submit(LUNCH)

            assert time.monotonic() - began < 2
            assert len(server.of("/transactions")) > 2

    def test_gives_up_on_a_server_that_says_nothing(self):
        ended = threading.Event()

        def silent(_: Asked) -> Answer:
            ended.wait(20)
            return Answer(cut=True)

        brief = Retrying(deadline_s=0.5)
        with signed_in(silent, retrying=brief, answer_within_s=0.2) as (alice, _):
            began = time.monotonic()
            with pytest.raises(NoAnswer) as raised:
                alice.submit(LUNCH, idempotency_key="lunch")
            took_s = time.monotonic() - began
            ended.set()

        assert took_s < 2
        assert (raised.value.may_have_arrived, raised.value.idempotency_key) == (True, "lunch")

    def test_does_not_repeat_what_has_no_key_unless_it_cannot_have_arrived(self):
        with serving(in_turn(Answer(cut=True))) as server:
            with ApiClient(server.url, retrying=QUICK) as api, pytest.raises(NoAnswer):
                api.sign_up("alice@example.com", "a password")
            assert len(server.of("/auth/signup")) == 1

        brief = Retrying(deadline_s=0.3, first_pause_s=0.01)
        with ApiClient(server.url, retrying=brief) as api, pytest.raises(NoAnswer) as raised:
            api.sign_up("alice@example.com", "a password")
        assert not raised.value.may_have_arrived

    def test_understands_both_forms_of_retry_after(self):
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

        assert retry_after_s({"Retry-After": "7"}) == 7
        assert 55 < retry_after_s({"Retry-After": later}) <= 60
        assert retry_after_s({"Retry-After": "Fri, 02 Jan 2026 12:00:00 GMT"}) == 0
        assert retry_after_s({"Retry-After": "soon"}) == 0
        assert retry_after_s({}) == 0


class TestSignIn:
    def test_says_what_is_still_to_be_done(self):
        flows = [{"id": "login"}, {"id": "mfa_authenticate", "is_pending": True}]
        answer = Answer(401, {"status": 401, "data": {"flows": flows}, "meta": {}})
        with (
            serving(in_turn(answer)) as server,
            ApiClient(server.url) as api,
            pytest.raises(SignInIncomplete) as raised,
        ):
            api.sign_in("alice@example.com", "a password")

        assert raised.value.pending == ("mfa_authenticate",)

    def test_reads_the_errors_of_allauth(self):
        errors = [{"code": "email_password_mismatch", "message": "Wrong.", "param": "password"}]
        answer = Answer(400, {"status": 400, "errors": errors})
        with (
            serving(in_turn(answer)) as server,
            ApiClient(server.url) as api,
            pytest.raises(RequestRefused) as raised,
        ):
            api.sign_in("alice@example.com", "a password")

        assert (raised.value.code, raised.value.field) == ("email_password_mismatch", "password")

    def test_reads_nothing_into_what_this_api_would_not_say(self):
        with (
            serving(in_turn(Answer(200, b"<html>"))) as server,
            ApiClient(server.url) as api,
            pytest.raises(AnswerUnreadable),
        ):
            api.sign_in("alice@example.com", "a password")


class Expiring:
    """A server whose access tokens are over at once but for the newest."""

    def __init__(self, refreshing: Answer | None = None) -> None:
        self.newest, self.used = 1, list[str]()
        self._refreshing, self._lock = refreshing, threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        with self._lock:
            if asked.path.endswith("/auth/tokens/refresh"):
                self.used.append(asked.body["refresh_token"])
                if self._refreshing:
                    return self._refreshing
                self.newest += 1
                return Answer(body={"status": 200, "data": tokens(self.newest)})
            if asked.headers["Authorization"] != f"Bearer access-{self.newest}":
                return Answer(401, OVER)
            return Answer(202, transaction())

    def expire(self) -> None:
        self.newest += 1


class TestTokens:
    def test_are_renewed_when_they_are_over_and_the_request_is_sent_again(self):
        script = Expiring()
        with signed_in(script) as (alice, server):
            script.expire()
            alice.submit(LUNCH)

        first, second = server.of("/transactions")
        assert script.used == ["refresh-1"]
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]

    def test_are_renewed_once_for_all_threads(self):
        script = Expiring()
        barrier = threading.Barrier(16)

        def pay(_: int) -> None:
            barrier.wait(10)
            alice.submit(LUNCH)

        with signed_in(script) as (alice, _), ThreadPoolExecutor(16) as pool:
            for round_number in range(5):
                script.expire()
                list(pool.map(pay, range(16)))
                assert len(script.used) == round_number + 1

        assert len(set(script.used)) == 5

    @pytest.mark.parametrize("trouble", [Answer(cut=True), Answer(503, AWAY), Answer(504, AWAY)])
    def test_that_may_have_been_used_are_never_sent_again(self, trouble):
        script = Expiring(refreshing=trouble)
        with signed_in(script) as (alice, _):
            script.expire()
            with pytest.raises((NoAnswer, ServiceUnavailable)):
                alice.submit(LUNCH)
            with pytest.raises(SignedOut):
                alice.submit(LUNCH)

        assert script.used == ["refresh-1"]

    def test_that_cannot_have_been_used_are_kept(self):
        later = {"Retry-After": "3600"}  # beyond any deadline, so nobody waits for it
        too_fast = Answer(429, {"status": 429, "code": "rate_limited"}, later)
        script = Expiring(refreshing=too_fast)
        with signed_in(script) as (alice, _):
            script.expire()
            with pytest.raises(ServiceUnavailable):
                alice.submit(LUNCH)
            script._refreshing = None
            alice.submit(LUNCH)

        assert set(script.used) == {"refresh-1"}

    def test_that_are_refused_end_the_sign_in(self):
        gone = Answer(400, {"status": 400, "errors": [{"code": "invalid_token", "message": ""}]})
        script = Expiring(refreshing=gone)
        with signed_in(script) as (alice, _):
            script.expire()
            with pytest.raises(SignedOut):
                alice.submit(LUNCH)

        assert script.used == ["refresh-1"]


class TestOutcome:
    def test_is_asked_to_be_waited_for(self):
        with signed_in(in_turn(Answer(200, transaction(status="posted")))) as (alice, server):
            found = alice.wait_for_outcome(alice.submit(LUNCH, wait_s=5))

        assert found.status == "posted"
        assert [each.headers["Prefer"] for each in server.asked[1:]] == ["wait=5"]

    def test_is_looked_for_where_nothing_is_streamed(self):
        made = transaction()
        looks = in_turn(Answer(body=made), Answer(body={**made, "status": "rejected"}))

        def script(asked: Asked) -> Answer:
            if asked.method == "POST":
                return Answer(202, made)
            return Answer(404, OVER) if asked.path.endswith("/events") else looks(asked)

        with signed_in(script) as (alice, server):
            found = alice.wait_for_outcome(alice.submit(LUNCH))

        assert found.status == "rejected"
        assert len(server.of(f"/transactions/{found.id}/events")) == 1
        assert len(server.of(f"/transactions/{found.id}")) == 2

    def test_is_listened_for_where_it_is_streamed(self):
        made = transaction()
        stream = (
            b": hello\nretry: 1000\n\n"
            b"id: 1\nevent: status\ndata: %b\n\n"
            b"event: other\ndata: nonsense\n\n"
            b"id: 2\nevent: status\ndata: %b\n\n"
        ) % (dumped(made), dumped({**made, "status": "authorised"}))

        def script(asked: Asked) -> Answer:
            if asked.method == "POST":
                return Answer(202, made)
            return Answer(200, stream, {"Content-Type": "text/event-stream"})

        with signed_in(script) as (alice, server):
            found = alice.wait_for_outcome(alice.submit(LUNCH))

        assert found.status == "authorised"
        assert server.of(f"/transactions/{found.id}") == []

    def test_that_never_comes_is_said_in_time(self):
        made = transaction()
        with signed_in(in_turn(Answer(202, made))) as (alice, _):
            asked = alice.submit(LUNCH)
            with pytest.raises(StillPending) as raised:
                alice.wait_for_outcome(asked, within_s=0.3)

        assert raised.value.asked.id == asked.id


class TestBatch:
    def test_gives_each_item_a_key_and_each_result_its_kind(self):
        refused = {"status": 422, "code": "counterparty_unavailable"}
        results = [
            {"status": 202, "body": transaction(), "idempotent_replayed": True},
            {"status": 422, "body": refused},
        ]
        script = in_turn(Answer(503, AWAY), Answer(200, {"results": results}))
        with signed_in(script) as (alice, server):
            made, bad = alice.submit_batch([LUNCH, Withdrawal(amount=5, currency="EUR")])

        assert made.transaction is not None
        assert bad.problem is not None
        assert (made.transaction.status, bad.problem.code) == ("pending", refused["code"])
        assert (made.is_replay, bad.is_replay) == (True, False)
        first, second = server.of("/transactions/batch")
        assert first.body == second.body
        assert [item["kind"] for item in first.body["items"]] == ["transfer", "withdrawal"]
        assert len({item["idempotency_key"] for item in first.body["items"]}) == 2


class TestLists:
    def test_are_read_over_all_pages(self):
        rows = [transaction() for _ in range(5)]

        def script(asked: Asked) -> Answer:
            page = {"a": (rows[2:4], "b"), "b": (rows[4:], None)}.get(
                asked.path.partition("cursor=")[2], (rows[:2], "a")
            )
            return Answer(
                body={"data": page[0], "has_more": page[1] is not None, "next_cursor": page[1]}
            )

        with signed_in(script) as (alice, server):
            found = [str(each.id) for each in alice.transactions()]

        assert found == [row["id"] for row in rows]
        assert len(server.of("/transactions")) == 3
