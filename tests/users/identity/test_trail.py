"""The trail of sign-ins: what is written, by whom it can be changed, and how long it stays."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from tests.factories.users import NOON, PASSWORD, UserFactory
from tests.users.conftest import AUTH
from users.identity import tasks
from users.identity.models import LoginEvent
from users.identity.trail import Origin, address_hash, login_event_add

LOGIN = f"{AUTH}/auth/login"

pytestmark = pytest.mark.django_db


def old_event(*, days: int) -> LoginEvent:
    return LoginEvent.objects.create(
        type="signed_in", happened_at=timezone.now() - timedelta(days=days)
    )


@pytest.fixture
def login(anonymous):
    def enter(email, password=PASSWORD, **headers):
        body = {"email": email, "password": password}
        return anonymous.post(LOGIN, body, format="json", headers=headers)

    return enter


class TestRows:
    def test_say_who_signed_in_from_where(self, alice, login):
        login(
            alice.email,
            **{
                "User-Agent": "a" * 300,
                "X-Forwarded-For": "10.0.0.1, 203.0.113.7",
                "X-Request-Id": "request-00000001",
            },
        )

        event = LoginEvent.objects.get()
        assert (event.type, event.user) == ("signed_in", alice)
        assert (event.ip, event.request_id) == ("203.0.113.7", "request-00000001")
        assert event.user_agent == "a" * 200

    def test_say_that_somebody_tried(self, alice, login):
        login(alice.email, password="wrong")

        event = LoginEvent.objects.get()
        assert (event.type, event.user, event.address_hash) == ("sign_in_failed", alice, None)

    def test_keep_no_address_that_nobody_has(self, login):
        login("nobody@example.com")
        login("NOBODY@example.com")
        login("somebody@example.com")

        first, second, third = LoginEvent.objects.order_by("id")
        assert first.user is None
        assert bytes(first.address_hash) == address_hash("nobody@example.com")
        assert bytes(first.address_hash) == bytes(second.address_hash) != bytes(third.address_hash)
        assert "nobody" not in str(LoginEvent.objects.values())

    @pytest.mark.parametrize("forwarded", ["x", "1.2.3.4, x", "999.1.1.1", ",", "[::1]:80"])
    def test_have_no_address_where_none_is_known(self, alice, login, forwarded):
        assert login(alice.email, **{"X-Forwarded-For": forwarded}).status_code < 500

    def test_tell_a_password_shown_again_wrongly_from_a_sign_in(self, alice, login, anonymous):
        meta = login(alice.email).json()["meta"]
        headers = {"X-Session-Token": meta["session_token"]}
        anonymous.post(
            f"{AUTH}/auth/reauthenticate", {"password": "wrong"}, format="json", headers=headers
        )

        event = LoginEvent.objects.latest("id")
        assert (event.type, event.detail) == ("sign_in_failed", "reauthentication")

    def test_tell_of_sign_outs_reuse_and_passwords(self, alice, login, anonymous):
        meta = login(alice.email).json()["meta"]
        headers = {"X-Session-Token": meta["session_token"]}
        changed = anonymous.post(
            f"{AUTH}/account/password/change",
            {"current_password": PASSWORD, "new_password": "another long pass phrase"},
            format="json",
            headers=headers,
        )
        token = changed.json()["meta"]["session_token"]
        anonymous.delete(f"{AUTH}/auth/session", headers={"X-Session-Token": token})
        again = login(alice.email, password="another long pass phrase").json()["meta"]
        for _ in range(2):
            anonymous.post(
                f"{AUTH}/tokens/refresh", {"refresh_token": again["refresh_token"]}, format="json"
            )

        assert list(LoginEvent.objects.order_by("id").values_list("type", "user_id")) == [
            (type_, alice.id)
            for type_ in (
                "signed_in",
                "password_changed",
                "signed_out",
                "signed_in",
                "refresh_reused",
            )
        ]

    def test_tell_who_signs_up_again(self, alice, anonymous, settings):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        body = {"email": alice.email, "password": PASSWORD}
        anonymous.post(f"{AUTH}/auth/signup", body, format="json")

        event = LoginEvent.objects.get()
        assert (event.type, event.user) == ("sign_up_repeated", alice)


class TestDatabase:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE login_event SET reason = 'x'",
            "DELETE FROM login_event",
            "TRUNCATE login_event",
        ],
    )
    def test_refuses_to_change_what_is_written(self, alice, statement):
        login_event_add(
            type=LoginEvent.Type.SIGNED_IN,
            user_id=alice.id,
            origin=Origin(),
            at=timezone.now(),
        )

        with (
            pytest.raises(DatabaseError, match="login_event"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_wants_to_know_who_of_staff_and_why(self, alice):
        with pytest.raises(DatabaseError, match="has_actor"), transaction.atomic():
            login_event_add(
                type=LoginEvent.Type.MFA_RESET, user_id=alice.id, origin=Origin(), at=NOON
            )


class TestPrune:
    def test_removes_what_is_older_than_is_kept(self, settings):
        settings.LOGIN_EVENTS_KEEP_DAYS = 100
        old_event(days=101)
        kept = old_event(days=99)

        assert tasks.login_events_prune() == 1

        assert list(LoginEvent.objects.all()) == [kept]


class TestConsole:
    @pytest.fixture
    def staff(self, client):
        client.force_login(UserFactory(staff=True))
        return client

    def test_shows_the_latest_on_the_users_page(self, staff, alice):
        for number in range(60):
            login_event_add(
                type=LoginEvent.Type.SIGN_IN_FAILED,
                user_id=alice.id,
                origin=Origin(user_agent=f"<b>agent-{number}</b>"),
                at=NOON,
            )

        page = staff.get(reverse("admin:identity_user_change", args=[alice.pk])).content.decode()

        assert "&lt;b&gt;agent-59&lt;/b&gt;" in page
        assert "agent-10&" in page
        assert "agent-9&" not in page

    def test_changes_none(self, staff, alice):
        row = LoginEvent.objects.create(type="signed_in", user=alice, happened_at=NOON)

        page = reverse("admin:identity_loginevent_change", args=[row.pk])
        assert staff.get(page).status_code == 200
        assert staff.post(page, {"type": "signed_out"}).status_code == 403
        delete = reverse("admin:identity_loginevent_delete", args=[row.pk])
        assert staff.post(delete, {"post": "yes"}).status_code == 403
