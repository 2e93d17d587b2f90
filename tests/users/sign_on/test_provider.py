"""The users console vouches for staff: to whom, with what, and for how long."""

import base64
import secrets
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from common.ids import uuid7
from tests.factories.users import PASSWORD, UserFactory, status_lead
from tests.users.authenticators import authenticator_give, code_now
from users.identity.mfa_reset import mfa_reset
from users.identity.models import LoginEvent, User
from users.identity.sessions import sessions_end
from users.identity.signing_keys import key_load
from users.identity.trail import Origin
from users.sign_on.standing import staff_told, staff_told_of
from users.sign_on.tasks import sign_on_tokens_purge

pytestmark = pytest.mark.django_db

CONSOLE = "https://transactions.example"
CALLBACK = f"{CONSOLE}/admin/sign-on/callback/"
SECRET = "s" * 64
VERIFIER = secrets.token_urlsafe(48)


@pytest.fixture(autouse=True)
def registered(settings):
    settings.TWIN_CONSOLE_URL = CONSOLE
    settings.STAFF_SIGN_ON_SECRET = SECRET
    call_command("register_console")


@pytest.fixture
def carol():
    user = UserFactory(is_staff=True, email="carol@example.com", display_name="Carol")
    user.groups.set(Group.objects.filter(name__in=["support", "auditor"]))
    return user


def authorize(client, **members):
    digest = sha256(VERIFIER.encode()).digest()
    query = {
        "client_id": "transactions-console",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s" * 16,
        "nonce": "n" * 16,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **members,
    }
    return client.get("/admin/sign-on/authorize", query)


def code_of(answer) -> str:
    return dict(parse_qsl(urlsplit(answer["Location"]).query))["code"]


def exchange(client, code):
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    shown = base64.b64encode(f"transactions-console:{SECRET}".encode()).decode()
    return client.post("/sign-on/token", body, headers={"Authorization": f"Basic {shown}"})


class TestCode:
    def test_is_for_who_is_in_the_console(self, client, carol):
        client.force_login(carol)

        answer = authorize(client)

        assert answer["Location"].startswith(f"{CALLBACK}?")
        event = LoginEvent.objects.get(type="signed_on")
        assert (event.user_id, event.detail) == (carol.pk, "transactions-console")

    def test_waits_for_a_second_factor_where_the_console_does(self, client, carol, settings):
        settings.STAFF_MFA_REQUIRED = True
        client.force_login(carol)
        assert "/admin/login/" in authorize(client)["Location"]
        secret = authenticator_give(carol)
        body = {"username": carol.email, "password": PASSWORD, "code": code_now(secret)}
        client.post("/admin/login/", body)

        answer = exchange(client, code_of(authorize(client)))

        claims = jwt.decode(answer.json()["id_token"], options={"verify_signature": False})
        assert claims["amr"] == ["mfa"]

    @pytest.mark.parametrize("members", [{}, {"is_staff": True, "status": "suspended"}])
    def test_is_for_nobody_else(self, client, members):
        client.force_login(UserFactory(**members))

        assert "/admin/login/" in authorize(client)["Location"]
        assert not LoginEvent.objects.filter(type="signed_on").exists()

    @pytest.mark.parametrize("member", ["nonce", "code_challenge", "redirect_uri"])
    def test_that_is_asked_for_otherwise_is_refused_with_what_happened_and_a_way_back(
        self, client, carol, member
    ):
        client.force_login(carol)

        answer = authorize(client, **{member: "x"})

        content = answer.content.decode()
        assert (answer.status_code, answer["Content-Type"][:9]) == (400, "text/html")
        assert "This is no sign-on of ours" in content
        assert f"what is wrong with it: {member}." in content
        assert f'href="{CONSOLE}/admin/"' in content
        assert "Without filters" not in content

    def test_is_not_for_staff_without_a_role(self, client):
        client.force_login(UserFactory(is_staff=True, is_superuser=True))

        assert authorize(client)["Location"] == f"{CALLBACK}?error=access_denied&state={'s' * 16}"

    def test_is_worth_nothing_after_half_a_minute(self, client, carol, settings):
        settings.IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 0
        client.force_login(carol)

        assert exchange(client, code_of(authorize(client))).status_code == 400

    def test_is_worth_nothing_once_its_owner_is_staff_no_more(self, client, carol):
        client.force_login(carol)
        code = code_of(authorize(client))
        User.objects.filter(pk=carol.pk).update(is_staff=False)

        assert exchange(client, code).json()["error"] == "invalid_grant"

    def test_is_not_to_be_had_where_there_is_no_other_console(self, client, carol, settings):
        settings.TWIN_CONSOLE_URL = ""
        client.force_login(carol)

        assert authorize(client).status_code == 404


class TestIdToken:
    def test_is_signed_with_a_published_key_and_says_who_somebody_is(
        self, client, carol, settings, signing_keys
    ):
        client.force_login(carol)
        token = exchange(client, code_of(authorize(client))).json()["id_token"]

        claims = jwt.decode(
            token,
            key_load(signing_keys / "1.pem").public,
            algorithms=["RS256"],
            audience="transactions-console",
            issuer=f"{settings.CONSOLE_URL}/sign-on",
        )

        published = client.get("/.well-known/jwks.json").json()["keys"]
        assert jwt.get_unverified_header(token)["kid"] in {key["kid"] for key in published}
        assert (
            claims.items()
            >= {
                "sub": str(carol.pk),
                "email": "carol@example.com",
                "name": "Carol",
                "roles": ["auditor", "support"],
                "nonce": "n" * 16,
                "amr": [],
            }.items()
        )
        assert claims.keys().isdisjoint({"role", "typ", "sid"})


class TestStanding:
    @pytest.mark.parametrize("status", ["suspended", "closing", "closed"])
    def test_is_nothing_of_who_is_not_active(self, carol, status):
        status_lead(carol, status)

        assert staff_told_of(ids=[carol.pk]) == []

    def test_is_nothing_of_customers_whatever_groups_they_have(self):
        customer = UserFactory()
        customer.groups.add(Group.objects.get(name="support"))

        assert staff_told_of(ids=[customer.pk, uuid7()]) == []

    def test_has_another_stamp_whenever_sessions_end(self, carol):
        stamps = {staff_told(carol).stamp, staff_told(User.objects.get(pk=carol.pk)).stamp}
        assert len(stamps) == 1

        sessions_end(user_id=carol.pk, ids=None, origin=Origin(), at=timezone.now())
        stamps.add(staff_told(User.objects.get(pk=carol.pk)).stamp)
        mfa_reset(
            user=carol,
            actor="staff:dave",
            reason="lost",
            at=timezone.now(),
            correlation_id="a-test",
        )
        stamps.add(staff_told(User.objects.get(pk=carol.pk)).stamp)
        carol.refresh_from_db()
        carol.set_password("another-horse-battery-staple")
        carol.save()
        stamps.add(staff_told(carol).stamp)

        assert len(stamps) == 4

    def test_is_told_to_the_other_service(self, client, carol, settings):
        shown = {"Authorization": f"Bearer {settings.PEER['SECRET_EXPECTED']}"}

        answer = client.post(
            "/internal/v1/staff/query",
            {"ids": [str(carol.pk)]},
            content_type="application/json",
            headers=shown,
        )

        (found,) = answer.json()["data"]
        assert (found["sub"], found["roles"]) == (str(carol.pk), ["auditor", "support"])


class TestRegisterConsole:
    def test_changes_nothing_that_is_right(self, capsys):
        before = Client.objects.values().get()

        call_command("register_console")

        assert capsys.readouterr().out == "registered already\n"
        assert Client.objects.values().get() == before

    def test_follows_a_new_secret_and_a_new_address(self, settings):
        settings.STAFF_SIGN_ON_SECRET = "t" * 64
        settings.TWIN_CONSOLE_URL = "https://elsewhere.example"
        call_command("register_console")

        found = Client.objects.get()
        assert found.get_redirect_uris() == ["https://elsewhere.example/admin/sign-on/callback/"]
        assert (found.check_secret("t" * 64), found.check_secret(SECRET)) == (True, False)

    def test_keeps_no_secret(self):
        assert SECRET not in str(Client.objects.values().get())

    def test_needs_an_address(self, settings):
        settings.TWIN_CONSOLE_URL = ""

        with pytest.raises(CommandError, match="TRANSACTIONS_CONSOLE_URL"):
            call_command("register_console")


def test_what_was_kept_of_sign_ons_is_purged(client, carol, settings):
    settings.IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = settings.IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = -1
    client.force_login(carol)
    exchange(client, code_of(authorize(client)))
    assert Token.objects.count() == 2

    assert sign_on_tokens_purge() == 2
