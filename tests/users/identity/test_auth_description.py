"""Every flow of docs/identity.md is answered as docs/openapi/users.json says."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from jsonschema import Draft202012Validator

from common.api_documents.description import resolved
from tests.factories.users import PASSWORD
from tests.users.authenticators import code_now
from tests.users.conftest import AUTH

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = json.loads((ROOT / "docs" / "openapi" / "users.json").read_text())
OTHER_PASSWORD = "another-correct-horse"
TOTP = "account/authenticators/totp"
CODES = "account/authenticators/recovery-codes"

pytestmark = pytest.mark.django_db(transaction=True)


def schema_of(method: str, path: str, status: int) -> dict[str, Any]:
    """The schema of an answer; a route or status that is not described fails the test."""
    operation = DOCUMENT["paths"][f"/api/v1/auth/{path}"][method]
    described = operation["responses"].get(str(status))
    assert described, f"{method} {path}: {status} is not described"
    content = resolved(DOCUMENT, described)["content"]
    return {**content["application/json"]["schema"], "components": DOCUMENT["components"]}


def key_of_last_mail() -> str:
    return unquote(mail.outbox[-1].body.split("key=")[1].split()[0])


def described_meta() -> set[str]:
    """What the description has as members of `meta`."""
    parts = DOCUMENT["components"]["schemas"]["AuthAuthenticationMeta"]["allOf"]
    return {name for part in parts for name in resolved(DOCUMENT, part)["properties"]}


class Reader:
    """Somebody who has read the description, and holds every answer against it."""

    def __init__(self, client) -> None:
        self.client, self.token = client, ""

    def call(self, method: str, path: str, *, status: int, headers=None, **body) -> Any:
        where = path if path.startswith(("account/", "tokens/")) else f"auth/{path}"
        headers = {"X-Session-Token": self.token, **(headers or {})}
        sent = {name: value for name, value in headers.items() if value}
        answer = getattr(self.client, method)(
            f"{AUTH}/{where}", body or None, format="json", headers=sent
        )
        assert answer.status_code == status, answer.content
        value = answer.json()
        wrong = list(Draft202012Validator(schema_of(method, path, status)).iter_errors(value))
        assert not wrong, (method, path, status, value, [error.message for error in wrong])
        self.token = value.get("meta", {}).get("session_token", self.token)
        return value

    def sign_in(self, user, password: str = PASSWORD) -> Any:
        return self.call("post", "login", status=200, email=user.email, password=password)

    def set_up(self) -> None:
        """Set up an authenticator from what a 404 gives."""
        self.call("post", "reauthenticate", status=200, password=PASSWORD)
        secret = self.call("get", TOTP, status=404)["meta"]["secret"]
        self.call("post", TOTP, status=200, code=code_now(secret))


@pytest.fixture
def reader(anonymous):
    return Reader(anonymous)


def test_passwords_and_tokens(alice, reader):
    meta = reader.sign_in(alice)["meta"]
    reader.call("get", "session", status=200)
    reader.call("post", "tokens/refresh", status=200, refresh_token=meta["refresh_token"])
    reader.call("post", "reauthenticate", status=400, password="not it")
    reader.call(
        "post",
        "account/password/change",
        status=200,
        current_password=PASSWORD,
        new_password=OTHER_PASSWORD,
    )
    reader.call("delete", "session", status=401)

    assert {"access_token", "refresh_token", "session_token"} <= described_meta()


def test_sign_ins(alice, reader, anonymous):
    other = Reader(anonymous)
    other.sign_in(alice)
    first = other.call("get", "sessions", status=200)["data"][0]["id"]
    reader.sign_in(alice)

    reader.call("delete", "sessions", status=400)
    reader.call("delete", "sessions", status=200, sessions=[first])
    reader.call("delete", "sessions", status=401, all=True)


def test_second_factors(alice, reader, anonymous):
    reader.sign_in(alice)
    reader.call("get", "account/authenticators", status=200)
    reader.call("post", CODES, status=400)
    reader.set_up()
    codes = reader.call("get", CODES, status=200)["data"]["unused_codes"]
    reader.call("get", CODES, status=200)
    reader.call("get", TOTP, status=200)
    reader.call("get", "account/authenticators", status=200)

    half_way = Reader(anonymous)
    half_way.call("post", "login", status=401, email=alice.email, password=PASSWORD)
    half_way.call("post", "2fa/authenticate", status=400, code="000000")
    half_way.call("post", "2fa/authenticate", status=200, code=codes[0])
    half_way.call("post", "2fa/reauthenticate", status=200, code=codes[1])
    half_way.call("post", CODES, status=200)
    half_way.call("delete", TOTP, status=200)


def test_nobody_at_the_second_step(alice, reader):
    reader.call("post", "2fa/authenticate", status=401, code="000000")
    reader.sign_in(alice)

    answer = reader.call("post", "2fa/authenticate", status=401, code="000000")

    assert answer["meta"]["is_authenticated"] is False


def test_addresses(alice, reader):
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    reader.sign_in(alice)
    reader.call("get", "account/email", status=200)
    reader.call("post", "reauthenticate", status=200, password=PASSWORD)
    reader.call("post", "account/email", status=200, email="other@example.com")
    key = key_of_last_mail()
    reader.call("get", "email/verify", status=200, headers={"X-Email-Verification-Key": key})
    reader.call("post", "email/verify", status=200, key=key)
    reader.call("patch", "account/email", status=200, email="other@example.com", primary=True)
    reader.call("delete", "account/email", status=200, email="alice@example.com")


def test_a_forgotten_password(alice, reader):
    reader.call("post", "password/request", status=200, email=alice.email)
    key = key_of_last_mail()
    reader.call("get", "password/reset", status=200, headers={"X-Password-Reset-Key": key})
    reader.call("post", "password/reset", status=401, key=key, password=OTHER_PASSWORD)

    reader.sign_in(alice, OTHER_PASSWORD)


def test_an_address_to_be_verified(settings, reader):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    body = {"email": "new@example.com", "password": PASSWORD}
    reader.call("post", "signup", status=401, **body)
    reader.call("post", "email/verify", status=401, key=key_of_last_mail())
    reader.token = ""

    reader.call("post", "login", status=200, **body)


def test_says_nothing_of_ways_in_that_there_are_not():
    paths = [path for path in DOCUMENT["paths"] if path.startswith("/api/v1/auth/")]
    text = json.dumps([*(DOCUMENT["paths"][path] for path in paths), DOCUMENT["components"]])

    for word in ("google", "provider_", "webauthn", "settings.", "ACCOUNT_", "Magic"):
        assert word not in text, word
