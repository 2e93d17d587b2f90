"""Keys: the newest signs, all verify, and everybody can fetch the public halves."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from django.core.management import call_command
from django.utils import timezone
from jwt import PyJWKSet
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIClient

from common.api.authentication import token_verify
from common.api.token_keys import KeysUnavailable
from common.ids import uuid7
from tests.factories.users import UserFactory
from tests.users.conftest import pem_make
from users.identity.signing_keys import LocalKeys, key_load, live_keys, thumbprint
from users.identity.tokens import access_token_issue

JWKS = "/.well-known/jwks.json"
DISCOVERY = "/.well-known/openid-configuration"


def issue() -> str:
    user = UserFactory.build()
    return access_token_issue(user=user, session_id=uuid7(), at=timezone.now())


class TestRotation:
    def test_signs_with_the_newest_and_verifies_with_all(self, own_signing_keys):
        before = issue()
        (own_signing_keys / "2.pem").write_bytes(pem_make())
        newest = live_keys(older_than_s=0)[-1]
        after = issue()

        kids = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
        assert kids == [key_load(own_signing_keys / "1.pem").kid, newest.kid]
        assert token_verify(before)
        assert token_verify(after)

    def test_forgets_a_key_that_is_taken_away(self, own_signing_keys):
        (own_signing_keys / "2.pem").write_bytes(pem_make())
        old, new = live_keys(older_than_s=0)
        (own_signing_keys / "1.pem").unlink()
        live_keys(older_than_s=0)

        assert LocalKeys().find(old.kid) is None
        assert LocalKeys().find(new.kid) is not None

    def test_loads_a_key_again_only_when_its_file_is_another_one(self, own_signing_keys):
        before = live_keys(older_than_s=0)[-1]
        same = live_keys(older_than_s=0)[-1]
        (own_signing_keys / "new").write_bytes(pem_make())
        (own_signing_keys / "new").rename(own_signing_keys / "1.pem")
        other = live_keys(older_than_s=0)[-1]

        assert same.public is before.public
        assert other.kid != before.kid

    def test_of_a_token_that_was_good_ends_with_its_key(self, own_signing_keys):
        token = issue()
        assert token_verify(token)
        assert token_verify(token)

        (own_signing_keys / "2.pem").write_bytes(pem_make())
        (own_signing_keys / "1.pem").unlink()
        live_keys(older_than_s=0)

        with pytest.raises(AuthenticationFailed):
            token_verify(token)

    def test_says_so_when_there_is_no_key(self, settings, tmp_path):
        settings.SIGNING_KEYS_DIR = str(tmp_path)

        with pytest.raises(KeysUnavailable):
            LocalKeys().find("x")

    def test_names_a_key_by_its_thumbprint(self):
        """The example of RFC 7638, section 3.1."""
        modulus = (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"
            "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ"
            "R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"
            "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        )

        kid = thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "x"})

        assert kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


class TestJwks:
    def test_publishes_every_public_key_and_nothing_private(self, client, own_signing_keys):
        (own_signing_keys / "2.pem").write_bytes(pem_make())
        live_keys(older_than_s=0)

        response = client.get(JWKS)

        assert response.status_code == 200
        assert response["Cache-Control"] == "public, max-age=60"
        keys = response.json()["keys"]
        assert [key["kid"] for key in keys] == [key.kid for key in live_keys()]
        assert all(set(key) == {"kty", "use", "alg", "kid", "n", "e"} for key in keys)
        published = {key.key_id: key for key in PyJWKSet.from_dict(response.json()).keys}
        token = issue()
        kid = jwt.get_unverified_header(token)["kid"]
        assert jwt.decode(token, published[kid].key, ["RS256"], audience="notion-api")

    def test_is_503_without_a_key(self, client, settings, tmp_path):
        settings.SIGNING_KEYS_DIR = str(tmp_path)

        assert client.get(JWKS).status_code == 503

    def test_is_only_read(self, client):
        assert client.post(JWKS).status_code == 405


class TestCreateSigningKey:
    def test_makes_one_that_only_its_owner_reads(self, settings, tmp_path):
        settings.SIGNING_KEYS_DIR = str(tmp_path / "keys")

        call_command("create_signing_key")

        (path,) = (tmp_path / "keys").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert key_load(path).private.key_size >= 3072

    def test_does_nothing_when_there_is_one(self, own_signing_keys, capsys):
        before = {path: path.read_bytes() for path in own_signing_keys.iterdir()}

        call_command("create_signing_key")

        assert {path: path.read_bytes() for path in own_signing_keys.iterdir()} == before
        assert "has a signing key" in capsys.readouterr().out

    def test_refuses_a_file_that_is_no_rsa_key(self, tmp_path):
        path = tmp_path / "1.pem"
        path.write_text("-----BEGIN NONSENSE-----")

        with pytest.raises(ValueError, match=r"PEM|load|deserialize"):
            key_load(path)

    def test_runs_from_the_command_line_without_a_database(self, tmp_path):
        root = Path(__file__).resolve().parents[3]
        done = subprocess.run(
            [sys.executable, "users/manage.py", "create_signing_key"],
            cwd=root,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "users.settings.test",
                "USERS_SIGNING_KEYS_DIR": str(tmp_path / "keys"),
            },
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        assert len(list((tmp_path / "keys").glob("*.pem"))) == 1


@pytest.mark.django_db
def test_discovery_says_who_issues_tokens_and_where_the_keys_are(settings):
    settings.PUBLIC_URL = "https://api.example"

    found = APIClient().get(DISCOVERY).json()

    claims = jwt.decode(issue(), options={"verify_signature": False})
    assert found["issuer"] == claims["iss"]
    assert found["jwks_uri"] == f"https://api.example{JWKS}"
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    assert set(found["claims_supported"]) == set(claims)


@pytest.mark.parametrize("path", [JWKS, DISCOVERY, "/healthz/live", "/healthz/ready"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_addresses_to_read_from_refuse_other_methods_as_a_problem(path, method):
    response = APIClient(enforce_csrf_checks=True).generic(method, path)

    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    assert response["Allow"] == "GET, HEAD"
