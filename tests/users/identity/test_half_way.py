"""What a stolen access token, or half a sign-in, is worth."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from tests.factories.users import PASSWORD, UserFactory
from tests.users.authenticators import authenticator_give, code_now
from tests.users.conftest import AUTH
from users.identity.lifecycle import By, user_reinstate, user_suspend
from users.identity.models import LoginEvent, TokenFamily, User
from users.identity.sessions import sessions_end
from users.identity.trail import Origin

NEW_PASSWORD = "another long pass phrase"
EMAIL = f"{AUTH}/account/email"
LOGIN = f"{AUTH}/auth/login"
STEP = f"{AUTH}/auth/2fa/authenticate"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(anonymous):
    def send(method, path, body=None, **headers):
        return getattr(anonymous, method)(path, body, format="json", headers=headers)

    return send


class TestStolenAccessToken:
    def test_moves_no_address(self, alice, send):
        """Whose address it is gets the next password."""
        EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
        meta = send("post", LOGIN, {"email": alice.email, "password": PASSWORD}).json()["meta"]
        token = {"Authorization": f"Bearer {meta['access_token']}"}
        thief = {"email": "thief@example.com"}
        EmailAddress.objects.create(user=alice, email="second@example.com", verified=True)

        answers = [
            send("post", EMAIL, thief, **token),
            send("patch", EMAIL, {"email": "second@example.com", "primary": True}, **token),
            send("delete", EMAIL, {"email": "second@example.com"}, **token),
        ]

        assert [answer.status_code for answer in answers] == [401] * 3
        assert "reauthenticate" in str(answers[0].json()["data"]["flows"])
        assert not EmailAddress.objects.filter(email=thief["email"]).exists()
        send("post", f"{AUTH}/auth/reauthenticate", {"password": PASSWORD}, **token)
        assert send("post", EMAIL, thief, **token).status_code == 200

    def test_gets_no_session_that_lives_longer(self, alice, send):
        meta = send("post", LOGIN, {"email": alice.email, "password": PASSWORD}).json()["meta"]
        token = {"Authorization": f"Bearer {meta['access_token']}"}
        told = [
            send("get", f"{AUTH}/{path}", **token).content.decode()
            for path in ("auth/session", "auth/sessions", "account/email", "account/authenticators")
        ]
        told.append(send("get", f"{AUTH}/account/authenticators/totp", **token).content.decode())
        again = send("post", f"{AUTH}/auth/reauthenticate", {"password": PASSWORD}, **token)
        told.append(again.content.decode())

        assert not [one for one in told if meta["session_token"] in one]


class TestHalfASignIn:
    @pytest.fixture
    def half_way(self, alice, send):
        """Somebody has shown the password; what is returned shows the code."""
        secret = authenticator_give(alice)
        meta = send("post", LOGIN, {"email": alice.email, "password": PASSWORD}).json()["meta"]
        headers = {"X-Session-Token": meta["session_token"]}
        return lambda: send("post", STEP, {"code": code_now(secret)}, **headers)

    def test_goes_on_when_nothing_happened(self, half_way):
        assert half_way().status_code == 200

    def test_is_over_when_the_password_changes(self, alice, half_way):
        alice.set_password(NEW_PASSWORD)
        alice.save()

        assert half_way().status_code == 401
        assert not TokenFamily.objects.exists()
        assert not LoginEvent.objects.filter(type="signed_in").exists()

    def test_is_over_when_all_are_ended(self, alice, half_way):
        sessions_end(user_id=alice.id, ids=None, origin=Origin(), at=timezone.now())

        assert half_way().status_code == 401
        assert not TokenFamily.objects.exists()

    def test_is_over_when_they_are_suspended(self, alice, half_way):
        user_suspend(user_id=alice.id, by=By("staff:carol", timezone.now(), "c"))

        assert half_way().status_code == 401
        assert not LoginEvent.objects.filter(type="signed_in").exists()

    def test_does_not_come_back_with_them(self, alice, half_way):
        user_suspend(user_id=alice.id, by=By("staff:carol", timezone.now(), "c"))
        user_reinstate(user_id=alice.id, by=By("staff:carol", timezone.now(), "c"))

        assert half_way().status_code == 401
        assert not TokenFamily.objects.exists()


class TestReplay:
    def test_is_told_to_the_trail_and_counts(self, alice, send):
        now = timezone.now().replace(second=0, microsecond=0)
        with time_machine.travel(now, tick=False) as clock:
            secret = authenticator_give(alice)
            code = code_now(secret)
            for shift in (0, 31):
                clock.shift(shift)
                meta = send("post", LOGIN, {"email": alice.email, "password": PASSWORD}).json()
                headers = {"X-Session-Token": meta["meta"]["session_token"]}
                send("post", STEP, {"code": code}, **headers)

        types = list(alice.login_events.order_by("id").values_list("type", flat=True))
        assert types == ["mfa_passed", "signed_in", "mfa_failed"]


class TestPasswordReset:
    def test_key_works_once_and_never_after_another_password(self, alice, send):
        EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)

        def key():
            mail.outbox.clear()
            send("post", f"{AUTH}/auth/password/request", {"email": alice.email})
            return re.search(r"key=(\S+)", mail.outbox[-1].body)[1]

        def reset(one, password):
            body = {"key": one, "password": password}
            return send("post", f"{AUTH}/auth/password/reset", body).status_code

        first, second = key(), key()
        assert reset(first, NEW_PASSWORD) in {200, 401}
        assert reset(first, "yet another long phrase") == 400
        assert reset(second, "yet another long phrase") == 400

    def test_asks_for_the_second_factor_all_the_same(self, alice, send):
        EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
        authenticator_give(alice)
        send("post", f"{AUTH}/auth/password/request", {"email": alice.email})
        key = re.search(r"key=(\S+)", mail.outbox[-1].body)[1]

        answer = send("post", f"{AUTH}/auth/password/reset", {"key": key, "password": NEW_PASSWORD})

        assert {"access_token", "refresh_token"}.isdisjoint(answer.json().get("meta", {}))
        answer = send("post", LOGIN, {"email": alice.email, "password": NEW_PASSWORD})
        assert answer.status_code == 401
        assert not TokenFamily.objects.exists()


class TestConsolePassword:
    def test_is_changed_as_by_the_api(self, client, send):
        staff = UserFactory(staff=True)
        EmailAddress.objects.create(user=staff, email=staff.email, primary=True, verified=True)
        send("post", LOGIN, {"email": staff.email, "password": PASSWORD})
        client.post("/admin/login/", {"username": staff.email, "password": PASSWORD})

        answer = client.post(
            "/admin/password_change/",
            {
                "old_password": PASSWORD,
                "new_password1": NEW_PASSWORD,
                "new_password2": NEW_PASSWORD,
            },
        )

        assert answer.status_code == 302
        assert User.objects.get(id=staff.id).check_password(NEW_PASSWORD)
        assert client.get("/admin/").status_code == 200
        assert LoginEvent.objects.filter(type="password_changed", user=staff).exists()
        assert TokenFamily.objects.get(user=staff).end_reason == "password"
        assert mail.outbox[-1].to == [staff.email]

    def test_page_is_shown(self, client):
        staff = UserFactory(staff=True)
        client.post("/admin/login/", {"username": staff.email, "password": PASSWORD})

        assert "old_password" in client.get("/admin/password_change/").content.decode()
