"""`Prefer: wait=N`: the answer is held for the outcome, and never at the cost of the others."""

from functools import partial

import pytest
from django.db import connection

from common import held_requests
from tests.e2e.client import wait_for
from tests.factories.users import TransactionCommandFactory, TransactionRequestFactory, UserFactory
from tests.users.conftest import TRANSACTIONS
from tests.users.submissions.holding import (
    NEVER_S,
    meanwhile,
    sessions,
    waiting_room_of_its_own,  # noqa: F401  a fixture
    waits_for,
)
from tests.users.submissions.test_command_outcomes import authorised, captured, refused
from tests.users.submissions.test_outcomes import consume, posted, rejected
from users.submissions import waiting
from users.submissions.models import TransactionCommand, TransactionRequest
from users.submissions.order import CommandOrder
from users.submissions.outcome_listener import OutcomeListener
from users.submissions.waiters import WaitingRoom, waiting_room
from users.submissions.waiting import wait_preferred

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patience(monkeypatch) -> None:
    """Waits last as long as it takes, so that an answer shows that its outcome was seen."""
    monkeypatch.setattr(waiting, "WAIT_MAX_S", NEVER_S)


@pytest.fixture
def deaf(monkeypatch) -> None:
    """Waiters look only when what they wait for is told."""
    monkeypatch.setattr(waiting, "TICK_S", NEVER_S)
    monkeypatch.setattr(WaitingRoom, "wake_all", lambda _: None)


def prefer(seconds: object) -> dict[str, str]:
    return {"Prefer": f"wait={seconds}"}


def accepted(rows=None):
    """What was just accepted, once its client waits and would hear of it."""

    def look():
        row = (TransactionRequest.objects.all() if rows is None else rows).first()
        return row if row and waits_for(row.id) and sessions(listeners=True) else None

    return wait_for("somebody waits", look)


def no_more_threads(_: OutcomeListener) -> None:
    """What Python says when the process may have no more of them."""
    raise RuntimeError("can't start new thread")


class TestPreference:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("wait=5", 5),
            ("WAIT = 5", 5),
            ('wait="5"', 5),
            ("wait=10", 10),
            ("wait=007", 7),
            ("wait=11", 10),
            (f"wait={'9' * 5000}", 10),
            ("respond-async, wait=3", 3),
            ("respond-async; a=b, wait=3; c=d", 3),
            ('other="a, wait=9", wait=2', 2),
            ("wait=4, wait=8", 4),
            ("return=minimal,wait=1", 1),
        ],
    )
    def test_to_wait_is_read(self, header, seconds):
        assert wait_preferred({"Prefer": header}) == seconds

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "wait",
            "wait=",
            "wait=0",
            "wait=-1",
            "wait=1.5",
            "wait=1e1",
            "wait=five",
            "wait=\u0665",
            'wait="5',
            'wait="',
            "waiting=5",
            "respond-async",
            "wait=x, wait=5",
            ",;=,",
        ],
    )
    def test_that_cannot_be_followed_is_ignored(self, header):
        assert wait_preferred({"Prefer": header}) is None


@pytest.mark.usefixtures("patience")
class TestOutcome:
    @pytest.mark.usefixtures("deaf")
    @pytest.mark.parametrize(("outcome", "status"), [(posted, "posted"), (rejected, "rejected")])
    def test_that_is_told_is_the_answer(self, submit, alice, outcome, status):
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted()
            consume(outcome(row))
            answer = answering.result(timeout=30)

        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert answer["Preference-Applied"] == f"wait={NEVER_S}"
        assert "Prefer" in answer["Vary"]
        assert answer["Location"] == f"{TRANSACTIONS}/{row.id}"

    @pytest.mark.usefixtures("deaf")
    def test_may_be_a_hold(self, submit, alice):
        with meanwhile(
            partial(submit, alice, capture="manual", headers=prefer(NEVER_S))
        ) as answering:
            consume(authorised(accepted()))
            answer = answering.result(timeout=30)

        assert (answer.status_code, answer.json()["status"]) == (200, "authorised")

    @pytest.mark.usefixtures("deaf")
    def test_wakes_nobody_else(self, submit, alice, bob):
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted()
            other = TransactionRequestFactory(user=bob)
            consume(posted(other))
            assert waits_for(row.id)
            consume(posted(row))

            assert answering.result(timeout=30).json()["id"] == str(row.id)

    @pytest.mark.usefixtures("deaf")
    def test_of_a_large_batch_is_told_in_parts(self, submit, alice, bob):
        others = TransactionRequestFactory.create_batch(450, user=bob)
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted(TransactionRequest.objects.filter(user=alice))
            consume(*[posted(one) for one in [*others[:225], row, *others[225:]]])

            assert answering.result(timeout=30).status_code == 200

    def test_that_was_not_heard_is_seen_a_tick_later(self, submit, alice):
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted()
            TransactionRequest.objects.filter(id=row.id).update(
                status="rejected", rejection_code="account_frozen"
            )

            assert answering.result(timeout=30).json()["rejection_code"] == "account_frozen"

    @pytest.mark.usefixtures("deaf")
    def test_is_heard_after_the_database_ended_every_session(self, submit, alice):
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted()
            (listener,) = wait_for("a listener", lambda: sessions(listeners=True) or None)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [listener])
            wait_for("another", lambda: set(sessions(listeners=True)) - {listener} or None)
            consume(posted(row))

            assert answering.result(timeout=30).status_code == 200

    def test_is_waited_for_without_a_connection(self, submit, alice):
        before = set(sessions(listeners=False, ours=True))
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted()
            wait_for(
                "no connection",
                lambda: True if set(sessions(listeners=False, ours=True)) <= before else None,
            )
            assert waits_for(row.id)
            consume(posted(row))
            answering.result(timeout=30)


class TestNoOutcomeInTime:
    def test_is_the_answer_of_everybody_else_after_the_wait(self, submit, alice):
        answer = submit(alice, headers=prefer(1))

        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        assert answer["Preference-Applied"] == "wait=1"
        assert not waits_for(answer.json()["id"])

    def test_is_told_at_once_when_the_process_ends(self, submit, alice, monkeypatch):
        monkeypatch.setattr(waiting, "WAIT_MAX_S", NEVER_S)
        monkeypatch.setattr(held_requests, "_ending", lambda: True)

        assert submit(alice, headers=prefer(NEVER_S)).status_code == 202

    def test_is_no_reason_to_wait_without_the_preference(self, submit, alice):
        answer = submit(alice, headers={"Prefer": "respond-async"})

        assert answer.status_code == 202
        assert "Preference-Applied" not in answer
        assert "Prefer" in answer["Vary"]


class TestReplay:
    def test_of_what_is_settled_answers_with_it(self, submit, alice, settings):
        settings.WEB_THREADS = 0  # it takes no place
        first = submit(alice, key="k")
        consume(posted(TransactionRequest.objects.get()))

        again = submit(alice, key="k", headers=prefer(10))

        assert (again.status_code, again.json()["status"]) == (200, "posted")
        assert again["Preference-Applied"] == "wait=10"
        assert again["Idempotent-Replayed"] == "true"
        assert again.json()["id"] == first.json()["id"]

    def test_without_the_preference_is_the_first_answer(self, submit, alice):
        first = submit(alice, key="k")
        consume(posted(TransactionRequest.objects.get()))

        again = submit(alice, key="k")

        assert (again.status_code, again.content) == (202, first.content)

    @pytest.mark.usefixtures("patience", "deaf")
    def test_of_what_is_pending_waits_as_well(self, submit, alice):
        submit(alice, key="k")
        with meanwhile(partial(submit, alice, key="k", headers=prefer(NEVER_S))) as answering:
            consume(posted(accepted()))
            answer = answering.result(timeout=30)

        assert (answer.status_code, answer["Idempotent-Replayed"]) == (200, "true")

    def test_with_another_body_is_refused_as_ever(self, submit, alice):
        submit(alice, key="k")

        assert submit(alice, key="k", amount=1, headers=prefer(10)).status_code == 422


class TestPlaces:
    @pytest.mark.parametrize(("threads", "places"), [(3, 0), (4, 1), (8, 2), (33, 8)])
    def test_are_a_quarter_of_the_threads(self, settings, threads, places):
        settings.WEB_THREADS = threads
        rows = [UserFactory.build().id for _ in range(threads)]

        admitted = [waiting_room().admit(row) for row in rows]

        assert sum(waiter is not None for waiter in admitted) == places
        for waiter in admitted:
            if waiter is not None:
                waiter.leave()

    @pytest.mark.usefixtures("patience")
    def test_that_are_taken_make_nobody_wait(self, submit, alice, bob, settings):
        settings.WEB_THREADS = 4
        with meanwhile(partial(submit, alice, headers=prefer(NEVER_S))) as answering:
            row = accepted()

            answer = submit(bob, headers=prefer(NEVER_S))

            assert (answer.status_code, answer.json()["status"]) == (202, "pending")
            assert "Preference-Applied" not in answer
            assert waits_for(row.id)
            consume(posted(row))
            assert answering.result(timeout=30).status_code == 200

    def test_are_given_back(self, submit, alice, settings):
        settings.WEB_THREADS = 4

        answers = [submit(alice, headers=prefer(1)) for _ in range(2)]

        assert [answer["Preference-Applied"] for answer in answers] == ["wait=1"] * 2

    def test_are_given_back_once_however_often_one_leaves(self, settings, alice):
        settings.WEB_THREADS = 4
        room = waiting_room()
        waiter = room.admit(alice.id)
        for _ in range(3):
            waiter.leave()

        first, second = room.admit(alice.id), room.admit(alice.id)

        assert second is None
        first.leave()

    def test_are_not_lost_when_no_thread_can_listen(self, settings, alice, monkeypatch):
        settings.WEB_THREADS = 4
        room = waiting_room()
        with monkeypatch.context() as full:
            full.setattr(OutcomeListener, "start", no_more_threads)
            with pytest.raises(RuntimeError):
                room.admit(alice.id)

        waiter = room.admit(alice.id)

        assert waiter is not None
        waiter.leave()

    def test_are_not_for_who_is_refused(self, submit, settings):
        settings.WEB_THREADS = 4
        suspended = UserFactory(status="suspended")

        assert submit(suspended, headers=prefer(10)).status_code == 403
        assert not waiting_room()._waiters


@pytest.mark.usefixtures("patience", "deaf")
class TestCommand:
    @pytest.fixture
    def hold(self):
        return TransactionRequestFactory(hold=True, status="authorised")

    def capture(self, client_of, hold):
        headers = {"Idempotency-Key": "k", **prefer(NEVER_S)}
        path = f"{TRANSACTIONS}/{hold.id}/capture"
        return partial(client_of(hold.user).post, path, {}, format="json", headers=headers)

    def test_is_answered_when_it_is_applied(self, client_of, hold):
        with meanwhile(self.capture(client_of, hold)) as answering:
            consume(captured(hold, by=accepted(TransactionCommand.objects.all())))
            answer = answering.result(timeout=30)

        assert (answer.status_code, answer.json()["status"]) == (200, "applied")
        assert answer.json()["amount"] == 250
        assert answer["Preference-Applied"] == f"wait={NEVER_S}"

    def test_is_answered_when_it_is_refused(self, client_of, hold):
        with meanwhile(self.capture(client_of, hold)) as answering:
            consume(refused(accepted(TransactionCommand.objects.all())), stream=hold.user_id)
            answer = answering.result(timeout=30)

        assert (answer.status_code, answer.json()["rejection_code"]) == (200, "exceeds_hold")

    def test_that_was_applied_before_is_answered_at_once(self, client_of, hold):
        TransactionCommandFactory(
            transaction=hold,
            applied=True,
            idempotency_key="k",
            fingerprint=CommandOrder(type="capture").fingerprint(),
        )

        answer = self.capture(client_of, hold)()

        assert (answer.status_code, answer.json()["status"]) == (200, "applied")
        assert answer["Idempotent-Replayed"] == "true"
