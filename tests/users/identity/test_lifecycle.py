"""Suspension, reinstatement and the users' half of closing."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from common.events.codec import EventInvalid, event_decode, event_encode
from common.events.contracts import Cause, UserCloseDecidedV1
from common.events.envelope import headers_encode
from common.events.topics import TRANSACTIONS_SOURCE
from common.ids import uuid7
from common.inbox.arrival import arrive
from common.inbox.batch import batch_apply
from common.inbox.discard import dead_letter_discard
from common.inbox.errors import DiscardRefused
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from common.kafka.broker import Record
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.events import envelope
from tests.factories.users import NOON, PASSWORD, UserFactory, status_lead
from tests.users.conftest import AUTH
from tests.users.racing import race
from users.identity.account_adapter import AccountAdapter
from users.identity.errors import InvalidStateTransition, UserUnknown
from users.identity.lifecycle import (
    By,
    user_activate,
    user_close_request,
    user_reinstate,
    user_suspend,
)
from users.identity.models import TokenFamily, User, UserStatusChange
from users.wiring import WIRING

CLOSE = "/api/v1/users/me/close"
LATER = NOON + timedelta(hours=1)
BY = By("staff:carol", NOON, "a-request", reason="a complaint")


def told(user):
    """The events of a user's stream, in order."""
    return list(
        OutboxMessage.objects.filter(stream=user.id)
        .order_by("sequence")
        .values_list("type", flat=True)
    )


def last_event(user):
    message = OutboxMessage.objects.filter(stream=user.id).latest("sequence")
    return message, event_decode(message.type, bytes(message.data))


def changes(user):
    return list(
        UserStatusChange.objects.filter(user=user)
        .order_by("id")
        .values_list("from_status", "to_status", "actor", "code")
    )


def is_accepting(user):
    return OutboxStream.objects.get(stream=user.id).accepting


def close_asked(user) -> UserStatusChange:
    user_close_request(user_id=user.id, by=By(f"user:{user.id}", NOON, "a-request"))
    return UserStatusChange.objects.filter(user=user).latest("id")


def decided(user, *, request_id, code=None, **members):
    """The ledger's answer."""
    return UserCloseDecidedV1(
        **{
            "user_id": user.id,
            "closed": code is None,
            "code": code,
            "cause": Cause(event_id=request_id, partition=0, offset=1, published_at=NOON),
            "consumed_at": LATER,
            "decided_at": LATER,
            **members,
        }
    )


def arrivals(user, *events):
    """Events as they arrive from Kafka, the next of the user's stream."""
    known = InboxCursor.objects.filter(stream=user.id).first()
    found = []
    for sequence, event in enumerate(events, (known.last_sequence if known else 0) + 1):
        about = envelope(
            source=TRANSACTIONS_SOURCE,
            type=event.TYPE,
            stream=user.id,
            sequence=sequence,
            actor=f"user:{user.id}",
        )
        record = Record(
            topic=WIRING.topic,
            partition=0,
            offset=sequence,
            timestamp_ms=1_767_355_200_000,
            key=str(user.id).encode(),
            value=event_encode(event),
            headers=headers_encode(about),
        )
        found.append(arrive(record, consumed_at=LATER))
    return found


def consume(user, *events):
    batch_apply(WIRING, arrivals(user, *events))
    user.refresh_from_db()


@pytest.fixture
def sign_in(anonymous):
    def enter(user):
        body = {"email": user.email, "password": PASSWORD}
        return anonymous.post(f"{AUTH}/auth/login", body, format="json")

    return enter


@pytest.mark.django_db
class TestSuspend:
    def test_tells_it_and_keeps_who_and_why(self, alice):
        user_suspend(user_id=alice.id, by=BY)

        alice.refresh_from_db()
        assert alice.status == "suspended"
        message, event = last_event(alice)
        assert (message.type, message.actor) == ("user_suspended.v1", "staff:carol")
        assert (event.user_id, event.suspended_at) == (alice.id, NOON)
        change = UserStatusChange.objects.get()
        assert (change.from_status, change.to_status) == ("active", "suspended")
        assert (change.actor, change.reason) == ("staff:carol", "a complaint")
        assert (change.event_id, change.changed_at) == (message.id, NOON)

    def test_refuses_new_requests_at_once(self, submit, alice):
        user_suspend(user_id=alice.id, by=BY)

        answer = submit(alice)

        assert (answer.status_code, answer.json()["code"]) == (403, "account_not_active")
        assert not is_accepting(alice)

    def test_signs_out_everywhere(self, alice, sign_in, anonymous):
        metas = [sign_in(alice).json()["meta"] for _ in range(2)]

        user_suspend(user_id=alice.id, by=BY)

        for meta in metas:
            refreshed = anonymous.post(
                f"{AUTH}/tokens/refresh", {"refresh_token": meta["refresh_token"]}, format="json"
            )
            session = anonymous.get(
                f"{AUTH}/auth/session", headers={"X-Session-Token": meta["session_token"]}
            )
            assert (refreshed.status_code, session.status_code) == (400, 410)
        assert set(TokenFamily.objects.values_list("end_reason", "ended_at")) == {
            ("not_active", NOON)
        }
        assert not Session.objects.exists()
        assert sign_in(alice).status_code == 401

    def test_leaves_others_signed_in(self, alice, bob, sign_in, anonymous):
        token = sign_in(bob).json()["meta"]["refresh_token"]

        user_suspend(user_id=alice.id, by=BY)

        answer = anonymous.post(f"{AUTH}/tokens/refresh", {"refresh_token": token}, format="json")
        assert answer.status_code == 200

    @pytest.mark.parametrize("status", ["pending_verification", "suspended", "closing", "closed"])
    def test_needs_somebody_active(self, status):
        user = UserFactory(status=status)

        with pytest.raises(InvalidStateTransition, match=status):
            user_suspend(user_id=user.id, by=BY)

        assert told(user) == changes(user) == []

    def test_of_nobody_is_refused(self):
        with pytest.raises(UserUnknown):
            user_suspend(user_id=uuid7(), by=BY)


@pytest.mark.django_db
class TestReinstate:
    def test_lets_somebody_in_again(self, submit, alice, sign_in):
        user_suspend(user_id=alice.id, by=BY)

        user_reinstate(user_id=alice.id, by=BY)

        assert told(alice) == ["user_suspended.v1", "user_reinstated.v1"]
        assert submit(alice).status_code == 202
        assert sign_in(alice).status_code == 200

    def test_brings_no_session_back(self, client):
        staff = UserFactory(staff=True)
        client.force_login(staff)
        assert client.get("/admin/").status_code == 200

        user_suspend(user_id=staff.id, by=BY)
        user_reinstate(user_id=staff.id, by=BY)

        assert client.get("/admin/").status_code == 302

    @pytest.mark.parametrize("status", ["pending_verification", "active", "closing", "closed"])
    def test_needs_somebody_suspended(self, status):
        user = UserFactory(status=status)

        with pytest.raises(InvalidStateTransition, match=status):
            user_reinstate(user_id=user.id, by=BY)

        assert told(user) == changes(user) == []


@pytest.mark.django_db
class TestActivate:
    def test_is_kept_too(self):
        user = UserFactory(status="pending_verification")

        assert user_activate(user_id=user.id, at=NOON, correlation_id="a-request")
        assert not user_activate(user_id=user.id, at=NOON, correlation_id="a-request")

        assert told(user) == ["user_activated.v1"]
        assert changes(user) == [("pending_verification", "active", f"user:{user.id}", "")]
        assert is_accepting(user)


@pytest.mark.django_db
class TestCloseApi:
    def test_asks_the_ledger(self, client_of, submit, alice):
        answer = client_of(alice).post(CLOSE)

        assert answer.status_code == 202
        assert answer.json()["status"] == "closing"
        assert answer["ETag"] == client_of(alice).get("/api/v1/users/me")["ETag"]
        message, event = last_event(alice)
        assert message.type == "user_close_requested.v1"
        assert (message.actor, event.user_id) == (f"user:{alice.id}", alice.id)
        assert message.correlation_id == answer["X-Request-Id"]
        assert submit(alice).status_code == 403

    def test_signs_out(self, client_of, alice, sign_in):
        sign_in(alice)

        client_of(alice).post(CLOSE)

        assert TokenFamily.objects.get().end_reason == "not_active"
        assert sign_in(alice).status_code == 401

    def test_asked_again_is_the_same_request(self, client_of, alice):
        answers = [client_of(alice).post(CLOSE, {}, format="json") for _ in range(2)]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
        assert told(alice) == ["user_close_requested.v1"]

    def test_of_somebody_suspended_is_taken(self, client_of, alice):
        user_suspend(user_id=alice.id, by=BY)

        assert client_of(alice).post(CLOSE).status_code == 202

    def test_of_somebody_closed_is_a_conflict(self, client_of):
        answer = client_of(UserFactory(status="closed")).post(CLOSE)

        assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state_transition")

    def test_of_somebody_gone_is_404(self, client_of):
        assert client_of(UserFactory.build()).post(CLOSE).status_code == 404

    @pytest.mark.parametrize("body", [{"x": 1}, [], "text", {"status": "closed"}])
    def test_takes_no_members(self, client_of, alice, body):
        answer = client_of(alice).post(CLOSE, body, format="json")

        assert answer.status_code == 400
        assert told(alice) == []

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
    def test_has_no_other_methods(self, client_of, alice, method):
        assert getattr(client_of(alice), method)(CLOSE).status_code == 405

    def test_needs_a_token(self, anonymous):
        assert anonymous.post(CLOSE).status_code == 401


@pytest.mark.django_db
class TestCloseRequest:
    def test_of_who_never_verified_asks_the_ledger_too(self):
        """They may have been sent money, which nobody could reach any more."""
        user = UserFactory(status="pending_verification")

        returned = user_close_request(user_id=user.id, by=BY)

        assert returned.status == "closing"
        assert told(user) == ["user_close_requested.v1"]


@pytest.mark.django_db(transaction=True)
class TestCloseDecided:
    def test_takes_back_who_never_verified_and_has_money(self):
        user = UserFactory(status="pending_verification")
        request = close_asked(user)

        consume(user, decided(user, request_id=request.event_id, code="balance_not_zero"))

        assert user.status == "pending_verification"
        assert told(user) == ["user_close_requested.v1", "user_close_refused.v1"]
        _, event = last_event(user)
        assert (event.status, event.refused_at) == ("pending_verification", LATER)
        assert not is_accepting(user)
        assert user_activate(user_id=user.id, at=LATER, correlation_id="a-request")

    def test_closes_who_never_verified_and_has_nothing(self):
        user = UserFactory(status="pending_verification")
        request = close_asked(user)

        consume(user, decided(user, request_id=request.event_id))

        assert user.status == "closed"

    def test_closes_for_good(self, alice):
        request = close_asked(alice)

        consume(alice, decided(alice, request_id=request.event_id))

        assert alice.status == "closed"
        assert told(alice) == ["user_close_requested.v1", "user_closed.v1"]
        message, event = last_event(alice)
        assert event.closed_at == LATER
        assert message.actor == f"user:{alice.id}"
        assert message.causation_id is not None
        assert not is_accepting(alice)
        for act in (user_suspend, user_reinstate, user_close_request):
            with pytest.raises(InvalidStateTransition):
                act(user_id=alice.id, by=BY)

    def test_refusal_lets_somebody_active_go_on(self, alice, submit, sign_in):
        request = close_asked(alice)

        consume(alice, decided(alice, request_id=request.event_id, code="balance_not_zero"))

        assert alice.status == "active"
        assert told(alice) == ["user_close_requested.v1", "user_reinstated.v1"]
        assert changes(alice)[-1] == (
            *("closing", "active", f"user:{alice.id}", "balance_not_zero"),
        )
        assert sign_in(alice).status_code == 200
        assert submit(alice).status_code == 202

    def test_refusal_leaves_somebody_suspended_so(self, alice, submit):
        user_suspend(user_id=alice.id, by=BY)
        request = close_asked(alice)

        consume(alice, decided(alice, request_id=request.event_id, code="open_holds"))

        assert alice.status == "suspended"
        assert told(alice)[1:] == ["user_close_requested.v1", "user_suspended.v1"]
        assert submit(alice).status_code == 403

    def test_answers_the_request_that_is_open(self, alice):
        first = close_asked(alice)
        refused = decided(alice, request_id=first.event_id, code="balance_not_zero")
        consume(alice, refused)
        second = close_asked(alice)

        consume(alice, refused)
        assert alice.status == "closing"
        consume(alice, decided(alice, request_id=second.event_id))

        assert alice.status == "closed"

    @pytest.mark.parametrize("status", ["active", "suspended", "closing", "closed"])
    @pytest.mark.parametrize("code", [None, "balance_not_zero"])
    def test_that_nobody_asked_for_changes_nothing(self, alice, status, code):
        status_lead(alice, status)

        consume(alice, decided(alice, request_id=uuid7(), code=code))

        assert alice.status == status
        assert told(alice) == []
        assert InboxCursor.objects.get(stream=alice.id).last_sequence == 1

    def test_about_an_unknown_user_changes_nothing(self):
        user = UserFactory.build(id=uuid7())

        batch_apply(WIRING, arrivals(user, decided(user, request_id=uuid7())))

        assert InboxCursor.objects.get(stream=user.id).last_sequence == 1

    @pytest.mark.parametrize(
        "members", [{"code": "open_holds", "closed": True}, {"code": None, "closed": False}]
    )
    def test_that_contradicts_itself_is_refused(self, alice, members):
        request = close_asked(alice)

        with pytest.raises(EventInvalid):
            consume(alice, decided(alice, request_id=request.event_id, **members))

    def test_about_another_user_than_its_stream_is_refused(self, alice, bob):
        request = close_asked(alice)

        with pytest.raises(EventInvalid):
            consume(alice, decided(bob, request_id=request.event_id))

    def test_may_be_discarded_only_if_nobody_waits(self, alice, bob):
        request = close_asked(alice)
        batch_isolate(WIRING, arrivals(alice, decided(bob, request_id=request.event_id)))
        letter = InboxWaiting.objects.get(state="dead")
        discard = partial(
            dead_letter_discard, wiring=WIRING, letter_id=letter.pk, actor="x", reason="x"
        )

        with pytest.raises(DiscardRefused, match="waits"):
            discard()
        status_lead(alice, "closed")
        discard()

        assert InboxCursor.objects.get(stream=alice.id).last_sequence == 1

    def test_of_several_users_in_one_batch(self, alice, bob):
        asked = {user: close_asked(user).event_id for user in (alice, bob)}

        batch_apply(
            WIRING,
            [
                *arrivals(bob, decided(bob, request_id=asked[bob], code="open_holds")),
                *arrivals(alice, decided(alice, request_id=asked[alice])),
            ],
        )

        assert dict(User.objects.values_list("id", "status")) == {
            alice.id: "closed",
            bob.id: "active",
        }


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_a_suspension_and_payments_leave_no_payment_after_it(self, submit, alice):
        def suspend():
            user_suspend(user_id=alice.id, by=BY)

        race([partial(submit, alice)] * 6 + [suspend])

        assert told(alice)[-1] == "user_suspended.v1"

    def test_of_many_requests_to_close_make_one(self, alice):
        race([partial(close_asked, alice)] * 8)

        assert told(alice) == ["user_close_requested.v1"]

    def test_of_a_new_password_and_a_suspension_leave_both(self, alice):
        before = User.objects.get(id=alice.id)
        user_suspend(user_id=alice.id, by=BY)

        AccountAdapter().set_password(before, "another long pass phrase")

        alice.refresh_from_db()
        assert (alice.status, alice.sessions_epoch) == ("suspended", 1)
        assert alice.check_password("another long pass phrase")


@pytest.mark.django_db
class TestDatabase:
    @pytest.mark.parametrize(
        ("status", "to"),
        [
            ("active", "closed"),
            ("active", "pending_verification"),
            ("suspended", "closed"),
            ("suspended", "pending_verification"),
            ("pending_verification", "suspended"),
            ("pending_verification", "closed"),
            ("closed", "active"),
            ("closed", "closing"),
            ("closed", "suspended"),
            ("closed", "pending_verification"),
        ],
    )
    def test_refuses_illegal_arrows(self, status, to):
        user = UserFactory(status=status)

        with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
            User.objects.filter(id=user.id).update(status=to)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE user_status_change SET reason = ''",
            "DELETE FROM user_status_change",
            "TRUNCATE user_status_change",
        ],
    )
    def test_keeps_what_was_done(self, alice, statement):
        user_suspend(user_id=alice.id, by=BY)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db
class TestCommand:
    @pytest.fixture(autouse=True)
    def same_connection(self, monkeypatch):
        module = "users.identity.management.commands.user_status"
        monkeypatch.setattr(f"{module}.timeouts_use", lambda _: None)

    def test_suspends_reinstates_closes_and_shows(self, alice, capsys):
        for verb in ("suspend", "reinstate", "close"):
            call_command("user_status", verb, alice.email, "--reason", "a word", "--actor", "carol")
        call_command("user_status", "show", "ALICE@example.com")

        shown = capsys.readouterr().out.splitlines()[-4:]
        assert shown[0] == f"{alice.id} alice@example.com closing"
        assert "active → suspended by staff:carol: a word" in shown[1]
        assert "active → closing by staff:carol: a word" in shown[3]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["suspend", "alice@example.com"], "--reason"),
            (["reinstate", "alice@example.com", "--reason", "x"], "is active"),
            (["show", "nobody@example.com"], "no user"),
            (["show", "nobody"], "no user"),
        ],
    )
    def test_says_why_not(self, alice, words, said):
        with pytest.raises(CommandError, match=said):
            call_command("user_status", *words)

        assert told(alice) == []
