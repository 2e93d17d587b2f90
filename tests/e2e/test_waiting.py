"""Waiting for outcomes through the gateway: held answers, event streams, and everybody else."""

import asyncio
import os
from contextlib import AsyncExitStack

import httpx
import pytest

from common.ids import uuid7
from tests.e2e.client import Caller
from tests.e2e.test_commands import hold
from tests.e2e.test_road import fund
from tests.users.submissions.holding import event_read, events_read

CROWD = 100
OTHERS = 20
SUBMIT = "/api/v1/transactions"


def submit_waiting(caller: Caller, *, key: str | None = None, **body) -> httpx.Response:
    return caller.call(
        "POST",
        SUBMIT,
        json={"currency": "EUR", **body},
        headers={"Idempotency-Key": key or str(uuid7()), "Prefer": "wait=10"},
    )


def watching(caller: Caller, made: str, **headers):
    headers |= {"Authorization": f"Bearer {caller.token}"}
    return caller.http.stream("GET", f"{SUBMIT}/{made}/events", headers=headers)


class TestPreferWait:
    def test_answers_with_the_outcome(self, bank, alice, bob):
        fund(bank, alice, 100)

        paid = submit_waiting(alice, kind="transfer", amount=60, counterparty=bob.id)
        refused = submit_waiting(alice, kind="transfer", amount=60, counterparty=bob.id)

        assert (paid.status_code, paid.json()["status"]) == (200, "posted")
        assert (refused.status_code, refused.json()["rejection_code"]) == (
            200,
            "insufficient_funds",
        )
        assert paid.headers["Preference-Applied"] == "wait=10"
        assert paid.headers["Vary"] == "Prefer"

    def test_answers_a_replay_with_what_became_of_it(self, bank, alice):
        fund(bank, alice, 100)
        key = str(uuid7())
        first = submit_waiting(alice, key=key, kind="withdrawal", amount=100)

        again = submit_waiting(alice, key=key, kind="withdrawal", amount=100)

        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.json()) == (200, first.json())

    def test_answers_with_what_a_command_came_to(self, bank, alice, bob):
        fund(bank, alice, 100)
        made = hold(alice, bob, 100)

        captured = alice.call(
            "POST",
            f"{SUBMIT}/{made}/capture",
            json={"amount": 40},
            headers={"Idempotency-Key": str(uuid7()), "Prefer": "wait=10"},
        )

        assert (captured.status_code, captured.json()["status"]) == (200, "applied")
        assert alice.balance() == 60


class TestEvents:
    def test_tell_of_a_hold_and_its_capture_as_they_happen(self, bank, alice, bob):
        fund(bank, alice, 100)
        made = hold(alice, bob, 100)

        with watching(alice, made) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            chunks = answer.iter_bytes()
            assert event_read(chunks)["id"] == "authorised-0"
            alice.command(f"/{made}/capture")
            assert event_read(chunks)["data"]["status"] == "posted"
            assert event_read(chunks) is None

        with watching(alice, made, **{"Last-Event-ID": "pending-0"}) as resumed:
            told = events_read(resumed.read())
        assert [event["id"] for event in told] == ["authorised-0", "posted-0"]
        with watching(alice, made, **{"Last-Event-ID": "posted-0"}) as finished:
            assert finished.status_code == 204

    def test_are_for_who_may_see_the_transaction(self, bank, alice, bob, stranger):
        fund(bank, alice, 100)
        made = hold(alice, bob, 100)

        assert bob.call("GET", f"{SUBMIT}/{made}/events").status_code == 404
        assert stranger.call("GET", f"{SUBMIT}/{made}/events").status_code == 401
        unacceptable = alice.call(
            "GET", f"{SUBMIT}/{made}/events", headers={"Accept": "application/json"}
        )
        assert (unacceptable.status_code, unacceptable.json()["code"]) == (406, "not_acceptable")


class TestCrowd:
    """As many as want to may wait: the places are few, and accepting has the others."""

    @pytest.mark.timeout(120)
    def test_that_watches_and_waits_keeps_nothing_from_being_accepted(self, bank, alice, bob):
        fund(bank, alice, 1000)
        made = hold(alice, bob, 100)

        asyncio.run(self._crowd(alice, bob, made))

    async def _crowd(self, alice: Caller, bob: Caller, made: str) -> None:
        headers = {"Authorization": f"Bearer {alice.token}"}
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(
                base_url=os.environ["GATEWAY_URL"],
                timeout=30,
                headers=headers,
                limits=limits,
                trust_env=False,
            ) as client,
            AsyncExitStack() as open_streams,
        ):
            watching = [client.stream("GET", f"{SUBMIT}/{made}/events") for _ in range(CROWD)]
            streams = await asyncio.gather(
                *(open_streams.enter_async_context(stream) for stream in watching)
            )
            watched = [stream for stream in streams if stream.status_code == 200]
            assert {stream.status_code for stream in streams} == {200, 503}
            assert all(s.headers["Retry-After"] for s in streams if s.status_code == 503)

            waiting = await asyncio.gather(
                *(self._submit(client, bob, Prefer="wait=10") for _ in range(CROWD))
            )
            others = await asyncio.gather(*(self._submit(client, bob) for _ in range(OTHERS)))

            # Every place is still taken, so nobody had to wait for one of these to end.
            assert {answer.status_code for answer in [*waiting, *others]} == {202}
            assert not any("Preference-Applied" in answer.headers for answer in waiting)
            key = {"Idempotency-Key": str(uuid7())}
            await client.post(f"{SUBMIT}/{made}/void", json={}, headers=key)
            for stream in watched:
                told = events_read(await stream.aread())
                assert [event["id"] for event in told] == ["authorised-0", "voided-0"]

    async def _submit(
        self, client: httpx.AsyncClient, receiver: Caller, **headers: str
    ) -> httpx.Response:
        order = {"kind": "transfer", "amount": 1, "currency": "EUR", "counterparty": receiver.id}
        headers |= {"Idempotency-Key": str(uuid7())}
        while True:
            answer = await client.post(SUBMIT, json=order, headers=headers)
            # They all have one payer, whose stream takes one request at a time.
            if answer.status_code != 503 or answer.json()["code"] != "busy":
                return answer
