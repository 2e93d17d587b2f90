"""The way into this console for its own accounts: nobody by a password alone, where it is on."""

import re
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command

from common.staff.models import StaffAction
from tests.browser.authenticator import Telephone
from transactions.ledger.management.commands import staff_authenticator

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def required(settings, monkeypatch):
    settings.STAFF_MFA_REQUIRED = True
    # It would end the connection that the test runs in.
    monkeypatch.setattr(staff_authenticator, "timeouts_use", lambda _: None)
    cache.clear()


@pytest.fixture
def staff():
    return User.objects.create_user(
        "carol@example.com", "carol@example.com", PASSWORD, is_staff=True
    )


def authenticator_give(user) -> tuple[Telephone, list[str]]:
    said = StringIO()
    call_command(
        "staff_authenticator", user.username, reason="a new one", actor="dave", stdout=said
    )
    url, _, *codes = said.getvalue().splitlines()
    (secret,) = parse_qs(urlsplit(url).query)["secret"]
    return Telephone(secret), codes


def enter(client, **members):
    body = {"username": "carol@example.com", "password": PASSWORD, **members}
    return client.post("/admin/login/?next=/admin/", body)


def is_in(client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


class TestSignIn:
    def test_takes_a_code_once(self, client, staff):
        telephone, _ = authenticator_give(staff)
        code = telephone.code()

        assert enter(client, code=code).status_code == 302
        assert is_in(client)
        client.post("/admin/logout/")
        assert enter(client, code=code).status_code == 200
        assert not is_in(client)

    def test_takes_a_recovery_code(self, client, staff):
        _, (code, *_) = authenticator_give(staff)

        assert enter(client, code=code).status_code == 302
        assert is_in(client)

    @pytest.mark.parametrize("members", [{}, {"code": ""}, {"code": "000000x"}])
    def test_refuses_a_password_without_a_code(self, client, staff, members):
        authenticator_give(staff)

        assert enter(client, **members).status_code == 200
        assert not is_in(client)

    @pytest.mark.usefixtures("staff")
    def test_tells_who_has_no_authenticator_what_to_do(self, client):
        answer = enter(client)

        assert "staff_authenticator" in answer.content.decode()
        assert not is_in(client)

    @pytest.mark.usefixtures("staff")
    def test_is_by_password_where_nothing_more_is_required(self, client, settings):
        settings.STAFF_MFA_REQUIRED = False

        assert enter(client).status_code == 302
        assert is_in(client)

    def test_limits_attempts(self, client, staff, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,3/5m/key"}
        telephone, _ = authenticator_give(staff)
        for _ in range(3):
            enter(client, password="wrong")

        answer = enter(client, code=telephone.code())

        assert "Too many" in answer.content.decode()
        assert not is_in(client)

    def test_lets_in_nobody_who_is_not_staff(self, client, staff):
        telephone, _ = authenticator_give(staff)
        User.objects.update(is_staff=False)

        assert enter(client, code=telephone.code()).status_code == 200
        assert not is_in(client)


def test_pages_are_closed_to_a_session_that_showed_no_code(client, staff):
    client.force_login(staff)

    assert not is_in(client)


class TestStaffAuthenticator:
    def test_takes_the_place_of_what_somebody_had_and_is_on_the_record(self, client, staff):
        first, codes = authenticator_give(staff)
        authenticator_give(staff)

        assert enter(client, code=first.code()).status_code == 200
        assert enter(client, code=codes[0]).status_code == 200
        assert Authenticator.objects.filter(user=staff).count() == 2
        actions = StaffAction.objects.values_list("action", "target_id", "actor_id", "reason")
        assert set(actions) == {("staff.authenticator", str(staff.pk), "staff:dave", "a new one")}

    def test_keeps_the_secret_encrypted(self, staff):
        telephone, _ = authenticator_give(staff)

        kept = Authenticator.objects.get(user=staff, type="totp").data["secret"]

        assert telephone.secret not in kept
        assert re.fullmatch(r"[\w=-]{100,}", kept)

    @pytest.mark.parametrize("username", ["nobody@example.com", "plain@example.com"])
    def test_is_for_staff_only(self, username):
        User.objects.create_user("plain@example.com", "plain@example.com", PASSWORD)

        with pytest.raises(CommandError, match="nobody of staff"):
            call_command("staff_authenticator", username, reason="why", actor="dave")
