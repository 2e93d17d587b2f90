"""The way into the console: nobody by a password alone, where second factors are required."""

import pytest
import time_machine
from django.utils import timezone

from tests.factories.users import PASSWORD, UserFactory
from tests.users.authenticators import authenticator_give, code_now, recovery_codes
from tests.users.conftest import AUTH
from users.identity.models import LoginEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def required(settings):
    settings.STAFF_MFA_REQUIRED = True


@pytest.fixture
def staff():
    return UserFactory(staff=True)


def enter(client, user, **members):
    body = {"username": user.email, "password": PASSWORD, **members}
    return client.post("/admin/login/?next=/admin/", body)


def is_in(client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


class TestSignIn:
    def test_takes_a_code(self, client, staff):
        secret = authenticator_give(staff)

        answer = enter(client, staff, code=code_now(secret))

        assert answer.status_code == 302
        assert is_in(client)
        types = LoginEvent.objects.order_by("id").values_list("type", flat=True)
        assert list(types) == ["mfa_passed", "signed_in"]

    def test_takes_a_recovery_code_once(self, client, staff):
        authenticator_give(staff)
        code, *_ = recovery_codes(staff)
        assert enter(client, staff, code=code).status_code == 302
        client.post("/admin/logout/")

        assert enter(client, staff, code=code).status_code == 200
        assert not is_in(client)

    def test_takes_no_code_that_signed_in_to_the_api(self, client, staff, anonymous):
        secret = authenticator_give(staff)
        with time_machine.travel(timezone.now(), tick=False):
            body = {"email": staff.email, "password": PASSWORD}
            meta = anonymous.post(f"{AUTH}/auth/login", body, format="json").json()["meta"]
            answer = anonymous.post(
                f"{AUTH}/auth/2fa/authenticate",
                {"code": code_now(secret)},
                format="json",
                headers={"X-Session-Token": meta["session_token"]},
            )
            assert answer.status_code == 200

            assert enter(client, staff, code=code_now(secret)).status_code == 200
        assert not is_in(client)

    @pytest.mark.parametrize("code", ["", "000000x", None])
    def test_refuses_a_password_without_a_code(self, client, staff, code):
        authenticator_give(staff)

        answer = enter(client, staff, **({"code": code} if code is not None else {}))

        assert answer.status_code == 200
        assert 'name="code"' in answer.content.decode()
        assert not is_in(client)

    def test_tells_who_has_no_authenticator_what_to_do(self, client, staff):
        answer = enter(client, staff)

        assert answer.status_code == 200
        assert "Set one up" in answer.content.decode()
        assert not is_in(client)

    def test_asks_who_has_one_also_where_it_is_not_required(self, client, staff, settings):
        settings.STAFF_MFA_REQUIRED = False
        authenticator_give(staff)

        assert enter(client, staff).status_code == 200
        assert not is_in(client)

    @pytest.mark.parametrize("members", [{}, {"staff": True, "status": "suspended"}])
    def test_lets_nobody_else_in_with_any_code(self, client, members):
        user = UserFactory(**members)
        secret = authenticator_give(user)

        assert enter(client, user, code=code_now(secret)).status_code == 200
        assert not is_in(client)

    def test_is_limited_like_that_of_the_api(self, client, staff, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,3/5m/key"}
        secret = authenticator_give(staff)
        for _ in range(3):
            enter(client, staff, password="wrong")

        answer = enter(client, staff, code=code_now(secret))

        assert answer.status_code == 200
        assert "Too many" in answer.content.decode()

    def test_over_somebody_else_keeps_the_code_that_was_shown(self, client, staff):
        other = UserFactory(staff=True)
        for user in (other, staff):
            enter(client, user, code=code_now(authenticator_give(user)))
            assert is_in(client)


class TestPages:
    def test_are_closed_to_a_session_that_showed_no_code(self, client, staff):
        client.force_login(staff)

        assert not is_in(client)
        assert client.get("/admin/identity/user/").status_code == 302

    def test_are_closed_to_a_session_of_the_api_by_password(self, client, staff, anonymous):
        body = {"email": staff.email, "password": PASSWORD}
        meta = anonymous.post(f"{AUTH}/auth/login", body, format="json").json()["meta"]
        client.cookies["users_session"] = meta["session_token"]

        assert not is_in(client)

    def test_close_when_somebody_is_staff_no_more(self, client, staff):
        enter(client, staff, code=code_now(authenticator_give(staff)))
        User.objects.filter(id=staff.id).update(is_staff=False)

        assert not is_in(client)
