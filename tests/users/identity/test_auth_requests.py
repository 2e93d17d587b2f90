"""allauth's routes under hostile input: its documented shapes, and never a failure of ours."""

import json
from itertools import product

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.test import APIClient

from tests.factories.users import PASSWORD, UserFactory
from tests.users.conftest import AUTH
from users.identity.auth_requests import AuthRequestMiddleware
from users.identity.models import User

pytestmark = pytest.mark.django_db

ROUTES = [
    "config",
    "auth/signup",
    "auth/login",
    "auth/session",
    "auth/reauthenticate",
    "auth/password/request",
    "auth/password/reset",
    "auth/email/verify",
    "auth/email/verify/resend",
    "auth/code/confirm",
    "auth/code/request",
    "auth/2fa/authenticate",
    "auth/phone/verify",
    "auth/phone/verify/resend",
    "auth/provider/token",
    "account/email",
    "account/phone",
    "account/password/change",
    "account/authenticators",
    "tokens/refresh",
    "sessions",
    "nothing/here",
]
BODIES = [
    b"", b"{", b"}", b"[]", b"[{}]", b"null", b"true", b"0", b'"x"', b"{}", b"\xff\xfe{}", b"\x00",
    b'\xef\xbb\xbf{"email": "a@b.com"}', b'{"email": NaN}', b'{"email": Infinity}', b'{"a": 1e999}',
    b'{"email": 1.5}', b'{"email": ' + b"9" * 5000 + b"}", b"[" * 50_000, b'{"a":' * 10_000,
    b'{"email": "a@b.com", "email": "c@d.com"}', b'{"email": "\\ud800@b.com"}',
    b'{"email": "a\\u0000@b.com", "password": "x"}', b'{"email": null, "password": null}',
    b'{"email": {}, "password": []}', b'{"email": 1, "password": true}',
    b'{"email": ["a@b.com"], "password": ["x"]}', b'{"key": 1}', b'{"key": null}', b'{"key": ""}',
    b'{"key": "MQ:1:2"}', b'{"key": "x-y"}', b'{"key": "00000000000000000000000000000000-x-y"}',
    b'{"key": "0-0", "password": "a long enough pass phrase"}',
    b'{"key": "\xc3\xa9-\xc3\xa9", "password": "a long enough pass phrase"}',
    b'{"refresh_token": null}', b'{"refresh_token": 1}', b'{"refresh_token": {"a": 1}}',
    b'{"refresh_token": "x"}', b'{"refresh_token": "\xc3\xa9"}', b'{"code": 1}', b'{"code": "x"}',
    b'{"email": "\xe2\x84\xaaim@example.com", "password": "a long enough pass phrase"}',
    b'{"email": "a@b.com", "password": "' + b"x" * 2000 + b'"}', b'{"__proto__": {"a": 1}}',
    b'{"email": "a@b.com", "primary": "yes"}', b'{"email": "a@b.com", "primary": true}',
    b'{"phone": "+4917012345678"}', b'{"username": "x", "password": "y"}',
    b'{"email": "user@example.com\\r\\nBcc: x@y.com", "password": "x"}',
    b'{"current_password": 1, "new_password": 2}', b'{"current_password": "", "new_password": ""}',
]  # fmt: skip


@pytest.fixture
def signed_in(anonymous) -> dict[str, str]:
    user = UserFactory(email="user@example.com")
    body = {"email": user.email, "password": PASSWORD}
    meta = anonymous.post(f"{AUTH}/auth/login", body, format="json").json()["meta"]
    return {"X-Session-Token": meta["session_token"]}


def not_failed(client, method: str, route: str, raw: bytes, headers: dict[str, str]) -> None:
    response = client.generic(method, f"{AUTH}/{route}", raw, "application/json", headers=headers)
    assert response.status_code < 500, (method, route, raw, headers, response.content)
    if response["Content-Type"] == "application/json" and response.content:
        assert response.json()["status"] == response.status_code


class TestNothingFails:
    @pytest.mark.parametrize("signed", [False, True])
    @pytest.mark.parametrize("route", ROUTES)
    def test_whatever_the_body(self, anonymous, signed_in, route, signed):
        for raw in BODIES:
            not_failed(anonymous, "POST", route, raw, signed_in if signed else {})

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "LOL"])
    def test_whatever_the_method(self, anonymous, signed_in, method):
        for route, raw, headers in product(ROUTES, BODIES[::12], ({}, signed_in)):
            not_failed(anonymous, method, route, raw, headers)

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_whatever_the_change_of_addresses(self, anonymous, signed_in, method):
        for raw in BODIES:
            not_failed(anonymous, method, "account/email", raw, signed_in)

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Session-Token": value}
            for value in ("", "x", "x" * 40, "x" * 5000, "\u00e9", "../x", "' OR 1=1", "\t")
        ]
        + [
            {"Authorization": value}
            for value in ("", "Bearer", "Bearer ", "Bearer x y", "Bearer \u00e9", "bearer a.b.c")
        ]
        + [
            {"X-Email-Verification-Key": value, "X-Password-Reset-Key": value}
            for value in ("", "x", "a-b", "MQ:1:2", "0" * 32 + "-x", "\u00e9", "x" * 5000)
        ]
        + [
            {"X-Forwarded-For": value}
            for value in ("", "x", "1.2.3.4, x", "::1", "[::1]:80", "999.1.1.1", "\u00e9", "," * 99)
        ]
        + [{"User-Agent": "\u00e9" * 3000}, {"Cookie": "users_session=x; users_session=y"}],
    )
    def test_whatever_the_headers(self, anonymous, headers):
        for method, route in product(
            ("GET", "POST"), ("config", "auth/session", "auth/email/verify", "auth/password/reset")
        ):
            not_failed(anonymous, method, route, b"{}", headers)


class TestBody:
    @pytest.mark.parametrize(
        ("raw", "param"),
        [
            (b"{", None),
            (b"[]", None),
            (b'{"email": "a@b.com", "email": "c@d.com"}', None),
            (b'{"password": 1}', "password"),
            (b'{"email": 1}', "email"),
            (b'{"email": "\xe2\x84\xaaim@example.com"}', "email"),
            (b'{"refresh_token": ["x"]}', "refresh_token"),
            (b'{"password": "' + b"x" * 1025 + b'"}', "password"),
        ],
    )
    def test_that_is_refused_is_told_in_the_documented_shape(self, anonymous, raw, param):
        response = anonymous.generic("POST", f"{AUTH}/auth/login", raw, "application/json")

        assert response.status_code == 400
        assert response["Content-Type"] == "application/json"
        assert "no-store" in response["Cache-Control"]
        (error,) = response.json()["errors"]
        assert response.json() == {"status": 400, "errors": [error]}
        assert error.get("param") == param
        assert {"message", "code"} <= error.keys()

    def test_over_64_kib_is_413(self, anonymous):
        raw = json.dumps({"password": "x" * 65536}).encode()
        response = anonymous.generic("POST", f"{AUTH}/auth/login", raw, "application/json")

        assert response.status_code == 413
        assert response.json()["status"] == 413

    def test_that_ends_early_is_400(self):
        class Broken:
            def read(self, *_: object) -> bytes:
                raise OSError

            def close(self) -> None:
                pass

        request = RequestFactory().post(f"{AUTH}/auth/login", b"{}", "application/json")
        request._stream = Broken()
        middleware = AuthRequestMiddleware(lambda _: pytest.fail("it went through"))

        assert middleware(request).status_code == 400

    def test_of_a_length_that_is_no_number_is_400(self):
        request = RequestFactory().post(f"{AUTH}/auth/login", b"{}", "application/json")
        request.META["CONTENT_LENGTH"] = "many"
        middleware = AuthRequestMiddleware(lambda _: pytest.fail("it went through"))

        assert middleware(request).status_code == 400

    def test_of_other_routes_is_not_read(self):
        request = RequestFactory().post("/admin/login/", b"{", "application/json")
        answer = HttpResponse()

        assert AuthRequestMiddleware(lambda _: answer)(request) is answer

    def test_reaches_allauth_with_the_canonical_address(self, anonymous):
        body = {"email": "Carol@B\u00dcCHER.example", "password": PASSWORD}
        response = anonymous.post(f"{AUTH}/auth/signup", body, format="json")

        assert response.status_code == 200
        assert User.objects.get().email == "carol@xn--bcher-kva.example"


class TestRoute:
    @pytest.mark.parametrize(
        "path", ["auth/phone/verify", "account/phone", "auth/code/request", "auth/provider/token"]
    )
    def test_that_we_do_not_offer_is_404(self, anonymous, signed_in, path):
        response = anonymous.post(f"{AUTH}/{path}", {}, format="json", headers=signed_in)

        assert response.status_code == 404
        assert response.json()["status"] == 404
        assert b"_allauth" not in response.content

    @pytest.mark.parametrize("path", ["auth/phone/verify", "account/phone", "nothing/here"])
    def test_that_we_do_not_offer_asks_no_client_for_a_csrf_token(self, path):
        client = APIClient(enforce_csrf_checks=True)

        assert client.post(f"{AUTH}/{path}", {}, format="json").status_code == 404

    def test_with_another_method_is_405_in_allauths_shape(self, anonymous):
        response = anonymous.get(f"{AUTH}/auth/signup")

        assert response.status_code == 405
        assert response.json()["status"] == 405
        assert "POST" in response["Allow"]

    def test_of_the_browser_client_is_404(self, anonymous):
        assert anonymous.get("/_allauth/browser/v1/config").status_code == 404


class TestRace:
    @pytest.mark.django_db(transaction=True)
    def test_for_an_address_is_409_for_who_comes_second(self, anonymous, signed_in):
        path = f"{AUTH}/account/email"
        again = {"password": PASSWORD}
        anonymous.post(f"{AUTH}/auth/reauthenticate", again, format="json", headers=signed_in)
        body = {"email": "other@example.com"}
        assert anonymous.post(path, body, format="json", headers=signed_in).status_code == 200
        UserFactory(email="other@example.com")

        response = anonymous.patch(path, body | {"primary": True}, format="json", headers=signed_in)

        assert response.status_code == 409
        assert response.json()["errors"][0]["code"] == "conflict"
        assert User.objects.filter(email="user@example.com").exists()
        assert not EmailAddress.objects.filter(email="other@example.com", primary=True).exists()

    def test_against_the_end_of_the_session_is_410(self):
        request = RequestFactory().post(f"{AUTH}/auth/login")
        middleware = AuthRequestMiddleware(lambda _: HttpResponse())

        response = middleware.process_exception(request, UpdateError())

        assert response is not None
        assert response.status_code == 410


class TestTrouble:
    @pytest.mark.django_db(transaction=True)
    def test_with_the_database_is_503(self, anonymous):
        away = {**connection.settings_dict, "PORT": 1}
        connection.close()
        here, connection.settings_dict = connection.settings_dict, away
        try:
            response = anonymous.post(
                f"{AUTH}/tokens/refresh", {"refresh_token": "x"}, format="json"
            )
        finally:
            connection.settings_dict = here
            connection.close()

        assert response.status_code == 503
        assert response.json()["status"] == 503
        assert "Retry-After" in response

    def test_without_a_signing_key_is_503(self, anonymous, settings, tmp_path):
        settings.SIGNING_KEYS_DIR = str(tmp_path / "nothing")
        user = UserFactory()
        response = anonymous.post(
            f"{AUTH}/auth/login", {"email": user.email, "password": PASSWORD}, format="json"
        )

        assert response.status_code == 503
        assert response.json()["errors"][0]["code"] == "unavailable"
