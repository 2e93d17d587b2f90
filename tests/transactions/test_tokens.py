"""Forged tokens against this service itself, with keys fetched as in production (A4, A5)."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from common.api import token_keys as token_keys_module
from common.api.token_keys import token_keys
from tests.factories.events import ALICE
from tests.policy.forged_tokens import FORGED, HEADERS, Mint, mint_of_a_stranger
from tests.transactions.tokens import SigningKey, token_for

pytestmark = pytest.mark.django_db

OTHER = SigningKey("key-1")
STRANGER = mint_of_a_stranger(ALICE)


def ask(authorization):
    client = Client(raise_request_exception=False)
    return client.get("/api/v1/accounts", headers={"Authorization": authorization})


@pytest.fixture
def mint(signing_key):
    return Mint(signing_key.private, signing_key.kid, ALICE)


class TestTokens:
    @pytest.mark.parametrize("name", FORGED)
    @pytest.mark.usefixtures("jwks")
    def test_refuses_a_forged_token(self, mint, name):
        answer = ask(f"Bearer {FORGED[name](mint, STRANGER)}")

        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.usefixtures("jwks")
    def test_takes_a_good_one(self, mint):
        assert ask(f"Bearer {mint.sign()}").status_code == 200

    @pytest.mark.parametrize("name", [n for n in HEADERS if not n.startswith("two headers")])
    @pytest.mark.usefixtures("jwks")
    def test_refuses_a_good_one_in_another_header(self, mint, name):
        """Two headers are for a real server to put together: tests/e2e does that."""
        values = HEADERS[name](mint.sign())

        assert [ask(value).status_code for value in values] == [401] * len(values)

    @pytest.mark.usefixtures("jwks")
    def test_refuses_none(self):
        assert Client().get("/api/v1/accounts").status_code == 401

    @pytest.mark.usefixtures("jwks")
    def test_trusts_no_identity_header_and_no_query(self, signing_key):
        spoofed = {"X-User-Id": str(ALICE), "X-Jwt-Payload": "e30", "Cookie": "sessionid=1"}

        assert Client().get("/api/v1/accounts", headers=spoofed).status_code == 401
        token = token_for(ALICE, signing_key)
        assert Client().get("/api/v1/accounts", {"access_token": token}).status_code == 401

    def test_asks_once_for_many_tokens_and_again_for_a_new_key(self, jwks, signing_key):
        for _ in range(5):
            ask(f"Bearer {token_for(ALICE, signing_key)}")

        assert jwks.asked == 1

    def test_does_not_let_forged_ids_hammer_the_other_service(self, jwks):
        for number in range(20):
            ask(f"Bearer {token_for(ALICE, OTHER, headers={'kid': f'key-{number}x'})}")

        assert jwks.asked <= 2

    def test_waits_for_nobody_while_it_has_the_key(self, settings, jwks, signing_key):
        """A service that was stopped takes connections and never answers."""
        ask(f"Bearer {token_for(ALICE, signing_key)}")
        assert jwks.asked == 1
        keys = token_keys()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            settings.USERS_JWKS_URL = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            keys._fetched_at -= 3600
            keys._tried_at -= 3600
            began = time.monotonic()

            with ThreadPoolExecutor(8) as callers:
                found = list(callers.map(keys.find, ["key-1"] * 8))

        assert all(found)
        assert time.monotonic() - began < 2 * token_keys_module._TIMEOUT_S

    @pytest.mark.parametrize("body", [b"[]", b"{}", b'{"keys": []}', b"\xff", b"{"])
    def test_says_so_when_what_was_fetched_is_no_list_of_keys(self, jwks, signing_key, body):
        jwks.body = body

        answer = ask(f"Bearer {token_for(ALICE, signing_key)}")

        assert answer.status_code == 503

    def test_says_so_when_no_key_could_be_fetched(self, settings, signing_key):
        settings.USERS_JWKS_URL = "http://127.0.0.1:9/jwks.json"
        token_keys.cache_clear()

        answer = ask(f"Bearer {token_for(ALICE, signing_key)}")

        token_keys.cache_clear()
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
