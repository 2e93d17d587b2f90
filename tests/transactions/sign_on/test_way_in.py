"""Who gets into this console by the users console, and as whom."""

import threading
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection

from common.ids import uuid7
from common.internal.contracts import StaffTold
from common.staff.groups import roles_of
from common.staff.models import StaffAction
from common.staff.roles import Role
from tests.factories.transactions import StaffFactory
from tests.transactions.sign_on.users_console import CAROL, CONSOLE
from tests.transactions.tokens import SigningKey
from transactions.ledger.management.commands import staff_authenticator
from transactions.sign_on.accounts import Occasion, account_follow

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery-staple"
OCCASION = Occasion(action="staff.sign_on", reason="a test", always_recorded=True)


def account() -> User:
    return User.objects.get(username=f"users.{CAROL['sub']}")


def told(**members) -> StaffTold:
    return StaffTold(**{**CAROL, "sub": UUID(CAROL["sub"]), **members})


class TestSignOn:
    @pytest.mark.usefixtures("users")
    def test_leads_to_the_users_console_with_all_that_protects_it(self, client):
        away = urlsplit(client.post("/admin/sign-on/")["Location"])

        query = dict(parse_qsl(away.query))
        assert f"{away.scheme}://{away.netloc}{away.path}" == f"{CONSOLE}/admin/sign-on/authorize"
        assert query.keys() == {
            *("client_id", "redirect_uri", "scope", "response_type", "state", "nonce"),
            *("code_challenge", "code_challenge_method"),
        }
        assert query["code_challenge_method"] == "S256"

    def test_makes_an_account_with_the_roles_that_are_told(self, sign_on, is_in):
        page = sign_on(is_superuser=True)

        assert (page.status_code, page.request["PATH_INFO"]) == (200, "/admin/")
        user = account()
        assert (user.email, user.first_name, user.is_staff) == ("carol@example.com", "Carol", True)
        assert (user.is_superuser, user.has_usable_password()) == (False, False)
        assert roles_of(user) == ["operator"]
        assert is_in()

    def test_gives_and_takes_roles_each_time(self, client, sign_on):
        sign_on()
        client.logout()

        sign_on(roles=["auditor", "controller"])

        assert roles_of(account()) == ["auditor", "controller"]
        actions = StaffAction.objects.filter(action="staff.sign_on").order_by("id")
        assert [(one.before["roles"], one.after["roles"]) for one in actions] == [
            ([], ["operator"]),
            (["operator"], ["auditor", "controller"]),
        ]

    @pytest.mark.parametrize("roles", [[], ["admin"]])
    def test_makes_staff_of_nobody_without_a_role_of_ours(self, client, sign_on, is_in, roles):
        sign_on()
        client.logout()

        page = sign_on(roles=roles)

        assert "has no role for you" in page.content.decode()
        assert (account().is_staff, roles_of(account())) == (False, [])
        assert not is_in()

    def test_takes_no_account_that_has_the_address(self, sign_on):
        local = User.objects.create_user(CAROL["email"], CAROL["email"], PASSWORD, is_staff=True)

        sign_on()

        assert account() != local
        assert not local.groups.exists()

    def test_knows_somebody_by_their_id_when_their_address_is_another_one(self, client, sign_on):
        sign_on()
        client.logout()

        sign_on(email="carol@example.org")

        assert User.objects.get().email == "carol@example.org"

    def test_lets_nobody_in_who_is_locked_out_here(self, client, sign_on, is_in):
        sign_on()
        client.logout()
        User.objects.update(is_active=False)

        page = sign_on()

        assert "locked out" in page.content.decode()
        assert not is_in()

    def test_takes_the_place_of_who_was_signed_in(self, client, sign_on):
        client.force_login(StaffFactory())

        sign_on()

        assert client.session["_auth_user_id"] == str(account().pk)

    def test_asks_for_no_second_factor_again(self, settings, sign_on, is_in):
        settings.STAFF_MFA_REQUIRED = True

        sign_on()

        assert is_in()

    @pytest.mark.parametrize(
        "members",
        [
            {"iss": f"{CONSOLE}"},
            {"iss": "notion-users"},
            {"aud": "notion-api"},
            {"aud": "another-console"},
            {"exp": 1},
            {"exp": None},
            {"nonce": "another-nonce-of-somebody-else"},
            {"nonce": None},
            {"sub": None},
            {"sub": "carol"},
            {"amr": None},
        ],
        ids=str,
    )
    def test_takes_no_token_that_is_for_something_else(self, sign_on, is_in, members):
        page = sign_on(**members)

        assert "did not work" in page.content.decode()
        assert not User.objects.exists()
        assert not is_in()

    def test_takes_no_token_that_somebody_else_signed(self, users, sign_on, is_in):
        users.signs_with = SigningKey(users.key.kid)

        page = sign_on()

        assert "did not work" in page.content.decode()
        assert not is_in()

    def test_takes_nobody_without_a_second_factor_where_it_is_required(
        self, settings, sign_on, is_in
    ):
        settings.STAFF_MFA_REQUIRED = True

        page = sign_on(amr=[])

        assert "no second factor" in page.content.decode()
        assert not is_in()

    @pytest.mark.usefixtures("users")
    def test_comes_back_only_to_the_browser_that_left(self, client):
        page = client.get(
            "/admin/sign-on/callback/", {"code": "a-code", "state": "s" * 16}, follow=True
        )

        assert "did not work" in page.content.decode()

    @pytest.mark.parametrize("query", [{}, {"state": "\x00"}, {"error": "access_denied"}])
    @pytest.mark.usefixtures("users")
    def test_answers_anything_with_the_way_in(self, client, query):
        page = client.get("/admin/sign-on/callback/", query, follow=True)

        assert page.request["PATH_INFO"] == "/admin/login/"

    @pytest.mark.usefixtures("users")
    def test_says_what_the_users_console_refused(self, client):
        away = client.post("/admin/sign-on/")["Location"]
        state = dict(parse_qsl(urlsplit(away).query))["state"]
        back = {"error": "access_denied", "state": state}

        page = client.get("/admin/sign-on/callback/", back, follow=True)

        assert "has no role for you" in page.content.decode()

    def test_is_not_there_without_a_users_console(self, client, settings):
        settings.TWIN_CONSOLE_URL = ""

        assert client.post("/admin/sign-on/").status_code == 404
        assert client.get("/admin/sign-on/callback/").status_code == 404
        assert "sign-on-form" not in client.get("/admin/login/").content.decode()

    @pytest.mark.usefixtures("users")
    def test_is_by_the_button_only(self, client):
        assert client.get("/admin/sign-on/").status_code == 405


class TestWithoutUsers:
    @pytest.fixture(autouse=True)
    def away(self, users):
        users.away = True

    def test_says_so_and_lets_accounts_of_this_console_in(self, client, is_in):
        User.objects.create_user("dave@example.com", "dave@example.com", PASSWORD, is_staff=True)

        page = client.post("/admin/sign-on/", {"next": "/admin/outbox/"}, follow=True)

        assert "does not answer" in page.content.decode()
        assert 'name="next" value="/admin/outbox/"' in page.content.decode()
        client.post("/admin/login/", {"username": "dave@example.com", "password": PASSWORD})
        assert is_in()

    def test_says_so_to_who_comes_back(self, client, users):
        users.away = False
        away = client.post("/admin/sign-on/")["Location"]
        state = dict(parse_qsl(urlsplit(away).query))["state"]
        users.away = True

        page = client.get("/admin/sign-on/callback/", {"code": "c", "state": state}, follow=True)

        assert "did not work" in page.content.decode()


class TestAccounts:
    @pytest.mark.django_db(transaction=True)
    def test_are_one_for_two_first_sign_ons_at_the_same_moment(self):
        for role in Role:
            Group.objects.get_or_create(name=role)
        together, found = threading.Barrier(4), []

        def follow():
            together.wait()
            try:
                found.append(account_follow(told(), OCCASION).pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=follow) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(found) == 4
        assert len(set(found)) == 1

    def test_keep_what_a_superuser_of_this_console_is(self):
        user = account_follow(told(), OCCASION)
        User.objects.filter(pk=user.pk).update(is_superuser=True)

        again = account_follow(told(roles=["support"]), OCCASION)

        assert again.is_superuser
        assert roles_of(again) == ["support"]

    def test_are_given_no_roles_here(self, client):
        user = account_follow(told(), OCCASION)
        client.force_login(StaffFactory())
        page = f"/admin/auth/user/{user.pk}/assign-roles/"

        shown = client.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
        answer = client.post(page, {"roles": ["auditor"], "reason": "why not", "confirm": "yes"})

        assert "The users console" in shown
        assert page not in shown
        assert "roles are those of the users console" in answer.content.decode()
        assert roles_of(user) == ["operator"]

    def test_get_no_authenticator_here(self, monkeypatch):
        # It would end the connection that the test runs in.
        monkeypatch.setattr(staff_authenticator, "timeouts_use", lambda _: None)
        user = account_follow(told(), OCCASION)

        with pytest.raises(CommandError, match="users console"):
            call_command("staff_authenticator", user.username, reason="why", actor="dave")

    def test_are_other_ones_for_other_people(self):
        first = account_follow(told(), OCCASION)

        second = account_follow(told(sub=uuid7()), OCCASION)

        assert first.pk != second.pk
