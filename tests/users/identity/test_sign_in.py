"""Signing up, in and out through allauth's app client."""

import re
from urllib.parse import parse_qs, urlparse

import jwt
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.events.codec import event_decode
from common.events.contracts import UserRegisteredV1
from common.hourly.models import HourlyTally
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import PASSWORD, UserFactory, status_lead
from tests.users.conftest import AUTH
from tests.users.racing import race
from users.identity.models import RefreshToken, TokenFamily, User

SIGN_UP = f"{AUTH}/auth/signup"
LOGIN = f"{AUTH}/auth/login"
SESSION = f"{AUTH}/auth/session"
PROFILE = "/api/v1/users/me"
CAROL = {"email": "carol@example.com", "password": PASSWORD}


def post(client, path, body, **headers):
    return client.post(path, body, format="json", headers=headers)


def writes(client, body) -> list[str]:
    """The tables that signing up writes to, in order."""
    with CaptureQueriesContext(connection) as asked:
        post(client, SIGN_UP, body)
    statements = " ".join(query["sql"] for query in asked.captured_queries)
    return re.findall(r'(?:INSERT INTO|UPDATE) "?(\w+)', statements)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestSignUp:
    @pytest.mark.django_db
    def test_gives_tokens_that_work_at_once(self, anonymous):
        response = post(anonymous, SIGN_UP, CAROL)

        assert response.status_code == 200
        meta = response.json()["meta"]
        assert meta["is_authenticated"] is True
        claims = jwt.decode(meta["access_token"], options={"verify_signature": False})
        user = User.objects.get()
        assert claims["sub"] == str(user.id) == response.json()["data"]["user"]["id"]
        profile = anonymous.get(PROFILE, headers=bearer(meta["access_token"]))
        assert profile.json()["email"] == "carol@example.com"
        assert user.check_password(PASSWORD)

    @pytest.mark.django_db
    def test_opens_the_stream_and_tells_of_it(self, anonymous):
        trace = f"00-{'a' * 32}-{'b' * 16}-01"
        headers = {"X-Request-Id": "request-00000001", "Traceparent": trace}
        post(anonymous, SIGN_UP, CAROL, **headers)

        user = User.objects.get()
        stream = OutboxStream.objects.get()
        message = OutboxMessage.objects.get()
        assert (stream.stream, stream.last_sequence, stream.accepting) == (user.id, 1, True)
        assert (message.stream, message.sequence) == (user.id, 1)
        assert message.actor == f"user:{user.id}"
        assert (message.correlation_id, message.traceparent) == ("request-00000001", trace)
        assert event_decode(message.type, bytes(message.data)) == UserRegisteredV1(
            user_id=user.id, status="active", registered_at=user.created_at
        )
        assert b"carol" not in bytes(message.data)

    @pytest.mark.django_db
    def test_names_an_address_that_is_taken(self, anonymous):
        post(anonymous, SIGN_UP, CAROL)
        response = post(anonymous, SIGN_UP, CAROL | {"email": "CAROL@EXAMPLE.COM"})

        assert response.status_code == 400
        assert response.json()["errors"][0]["param"] == "email"
        assert response.json()["errors"][0]["code"] == "email_taken"
        assert User.objects.count() == OutboxStream.objects.count() == 1

    @pytest.mark.django_db
    @pytest.mark.parametrize("password", ["short", "password123", "1234567890", "", None])
    def test_refuses_a_weak_password_and_leaves_nothing(self, anonymous, password):
        response = post(anonymous, SIGN_UP, CAROL | {"password": password})

        assert response.status_code == 400
        assert response.json()["errors"][0]["param"] == "password"
        assert not User.objects.exists()
        assert not OutboxStream.objects.exists()

    @pytest.mark.django_db
    def test_cannot_give_itself_anything(self, anonymous):
        extra = {"is_staff": True, "role": "treasury", "status": "active", "id": "x"}
        assert post(anonymous, SIGN_UP, CAROL | extra).status_code == 200

        user = User.objects.get()
        assert (user.is_staff, user.is_superuser, user.role) == (False, False, "user")

    @pytest.mark.django_db(transaction=True)
    def test_of_one_address_at_once_makes_one_user(self, anonymous):
        answers = race([lambda: post(anonymous, SIGN_UP, CAROL)] * 8)

        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
        assert User.objects.count() == OutboxStream.objects.count() == 1
        assert OutboxMessage.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("table", ["account_emailaddress", "outbox_stream", "outbox_message"])
    def test_that_breaks_halfway_leaves_nothing(self, anonymous, table):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$;"
                f"CREATE TRIGGER break BEFORE INSERT ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION break()"
            )
        try:
            assert post(anonymous, SIGN_UP, CAROL).status_code == 500
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION break() CASCADE")

        assert not User.objects.exists()
        assert not EmailAddress.objects.exists()
        assert not OutboxStream.objects.exists()
        assert post(anonymous, SIGN_UP, CAROL).status_code == 200


@pytest.mark.django_db
class TestMandatoryVerification:
    @pytest.fixture(autouse=True)
    def mandatory(self, settings):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def test_keeps_a_new_user_out_until_the_address_is_verified(self, anonymous):
        response = post(anonymous, SIGN_UP, CAROL)
        user = User.objects.get()

        assert response.status_code == 401
        assert "access_token" not in response.json()["meta"]
        assert user.status == "pending_verification"
        assert not OutboxStream.objects.get().accepting
        assert b"pending_verification" in bytes(OutboxMessage.objects.get().data)
        assert not TokenFamily.objects.exists()
        (message,) = mail.outbox
        assert post(anonymous, LOGIN, CAROL).status_code == 401
        assert message.to == ["carol@example.com"]
        (link,) = [word for word in message.body.split() if "verify-email?key=" in word]
        key = parse_qs(urlparse(link).query)["key"][0]
        assert post(anonymous, f"{AUTH}/auth/email/verify", {"key": key}).status_code == 401

        user.refresh_from_db()
        assert user.status == "active"
        assert OutboxStream.objects.get().accepting
        told = OutboxMessage.objects.order_by("sequence").values_list("sequence", "type")
        assert list(told) == [(1, "user_registered.v1"), (2, "user_activated.v1")]
        assert post(anonymous, LOGIN, CAROL).status_code == 200

    def test_answers_known_and_unknown_addresses_alike(self, anonymous):
        first = post(anonymous, SIGN_UP, CAROL)
        second = post(anonymous, SIGN_UP, CAROL)

        assert (first.status_code, first.json()["data"]) == (
            second.status_code,
            second.json()["data"],
        )
        assert User.objects.count() == 1

    def test_writes_the_same_for_both_and_keeps_nothing_of_one_that_is_taken(self, anonymous):
        new, taken = (writes(anonymous, CAROL) for _ in range(2))

        assert "user_account" in new
        taken.remove("login_event")
        assert taken == new
        kept = (User, EmailAddress, OutboxStream, OutboxMessage)
        assert [model.objects.count() for model in kept] == [1] * 4
        counted = HourlyTally.objects.filter(series="sign_ups")
        assert [one.number for one in counted] == [1]
        assert [message.to for message in mail.outbox] == [["carol@example.com"]] * 2

    @pytest.mark.parametrize("status", ["suspended", "closing", "closed"])
    def test_does_not_revive_who_was_stopped(self, anonymous, status):
        post(anonymous, SIGN_UP, CAROL)
        status_lead(User.objects.get(), status)
        (link,) = [word for word in mail.outbox[0].body.split() if "verify-email?key=" in word]
        key = parse_qs(urlparse(link).query)["key"][0]
        post(anonymous, f"{AUTH}/auth/email/verify", {"key": key})

        assert User.objects.get().status == status
        assert not OutboxStream.objects.get().accepting


@pytest.mark.django_db
class TestLogin:
    def test_gives_a_session_and_both_tokens(self, anonymous):
        user = UserFactory()
        response = post(anonymous, LOGIN, {"email": user.email, "password": PASSWORD})

        assert response.status_code == 200
        meta = response.json()["meta"]
        assert {"session_token", "access_token", "refresh_token"} <= meta.keys()
        claims = jwt.decode(meta["access_token"], options={"verify_signature": False})
        assert claims["sid"] == str(TokenFamily.objects.get().id)
        assert meta["session_token"] not in str(claims)
        assert meta["refresh_token"] not in str(RefreshToken.objects.values())

    @pytest.mark.parametrize(
        "spelling", ["USER@EXAMPLE.COM", "user@EXAMPLE.com", "user@\uff45xample.com"]
    )
    def test_takes_any_spelling_of_the_address(self, anonymous, spelling):
        UserFactory(email="user@example.com")

        assert post(anonymous, LOGIN, {"email": spelling, "password": PASSWORD}).status_code == 200

    def test_answers_a_wrong_password_and_an_unknown_address_alike(self, anonymous):
        UserFactory(email="user@example.com")
        answers = [
            post(anonymous, LOGIN, {"email": email, "password": "not the pass phrase"})
            for email in ("user@example.com", "nobody@example.com")
        ]

        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].content == answers[1].content

    @pytest.mark.parametrize("status", ["suspended", "closing", "closed", "pending_verification"])
    def test_lets_nobody_in_who_is_not_active(self, anonymous, status):
        user = UserFactory(status=status)
        response = post(anonymous, LOGIN, {"email": user.email, "password": PASSWORD})

        assert response.status_code == 401
        assert "access_token" not in response.json()["meta"]
        assert not TokenFamily.objects.exists()

    def test_is_limited_for_an_address(self, anonymous, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,3/5m/key"}
        user = UserFactory()
        codes = [
            post(anonymous, LOGIN, {"email": user.email, "password": "wrong"}).json()["errors"][0][
                "code"
            ]
            for _ in range(4)
        ]

        assert codes == ["email_password_mismatch"] * 3 + ["too_many_login_attempts"]

    def test_is_limited_by_the_last_proxys_word_only(self, anonymous, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
        body = {"email": "nobody@example.com", "password": "wrong"}
        statuses = [
            post(
                anonymous, LOGIN, body, **{"X-Forwarded-For": f"10.9.8.{number}, 203.0.113.7"}
            ).status_code
            for number in range(4)
        ]

        assert statuses == [400, 400, 400, 429]


@pytest.mark.django_db
class TestSession:
    def tokens(self, client) -> dict:
        return post(client, SIGN_UP, CAROL).json()["meta"]

    def test_is_named_by_its_token_or_by_an_access_token_of_it(self, anonymous):
        meta = self.tokens(anonymous)

        for headers in ({"X-Session-Token": meta["session_token"]}, bearer(meta["access_token"])):
            response = anonymous.get(SESSION, headers=headers)
            assert response.status_code == 200
            assert response.json()["data"]["user"]["email"] == "carol@example.com"

    def test_is_not_given_to_a_browser_as_a_cookie(self, anonymous):
        response = post(anonymous, SIGN_UP, CAROL)

        assert not response.cookies

    def test_ends_with_its_refresh_tokens_at_logout(self, anonymous):
        meta = self.tokens(anonymous)

        out = anonymous.delete(SESSION, headers={"X-Session-Token": meta["session_token"]})
        again = anonymous.get(SESSION, headers={"X-Session-Token": meta["session_token"]})
        refreshed = post(
            anonymous, f"{AUTH}/tokens/refresh", {"refresh_token": meta["refresh_token"]}
        )

        assert (out.status_code, again.status_code, refreshed.status_code) == (401, 410, 400)
        assert anonymous.get(SESSION, headers=bearer(meta["access_token"])).status_code == 410

    def test_of_a_forged_token_is_nobodys(self, anonymous):
        for headers in (bearer("x"), bearer(""), {"Authorization": "Basic Zm9vOmJhcg=="}):
            assert anonymous.get(SESSION, headers=headers).status_code == 401
        assert anonymous.get(SESSION, headers={"X-Session-Token": "x" * 32}).status_code == 410

    def test_keeps_its_refresh_token_when_the_password_changes(self, anonymous):
        meta = self.tokens(anonymous)
        changed = post(
            anonymous,
            f"{AUTH}/account/password/change",
            {"current_password": PASSWORD, "new_password": "another long pass phrase"},
            **{"X-Session-Token": meta["session_token"]},
        )
        refreshed = post(
            anonymous, f"{AUTH}/tokens/refresh", {"refresh_token": meta["refresh_token"]}
        )

        assert changed.status_code == 200
        assert refreshed.status_code == 200
        assert post(anonymous, LOGIN, CAROL).status_code == 400

    def test_elsewhere_ends_when_the_password_changes(self, anonymous):
        elsewhere = self.tokens(anonymous)
        here = post(anonymous, LOGIN, CAROL).json()["meta"]
        post(
            anonymous,
            f"{AUTH}/account/password/change",
            {"current_password": PASSWORD, "new_password": "another long pass phrase"},
            **{"X-Session-Token": here["session_token"]},
        )
        refreshed = post(
            anonymous, f"{AUTH}/tokens/refresh", {"refresh_token": elsewhere["refresh_token"]}
        )

        assert refreshed.status_code == 400


@pytest.mark.django_db
class TestPasswordReset:
    def test_goes_to_the_stored_address_only(self, anonymous):
        UserFactory(email="kim@example.com")
        for look_alike in ("\u212aim@example.com", "k\u0131m@example.com"):
            response = post(anonymous, f"{AUTH}/auth/password/request", {"email": look_alike})
            assert response.status_code == 400
        assert not mail.outbox

        post(anonymous, f"{AUTH}/auth/password/request", {"email": "KIM@example.com"})

        (message,) = mail.outbox
        assert message.to == ["kim@example.com"]
        (link,) = [word for word in message.body.split() if "password/reset?key=" in word]
        key = parse_qs(urlparse(link).query)["key"][0]
        reset = post(
            anonymous,
            f"{AUTH}/auth/password/reset",
            {"key": key, "password": "another long pass phrase"},
        )
        assert reset.status_code == 401
        login = {"email": "kim@example.com", "password": "another long pass phrase"}
        assert post(anonymous, LOGIN, login).status_code == 200
