"""Forged tokens against this service itself, with keys fetched as in production (A4, A5)."""

import base64
import hashlib
import hmac
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from common.api import token_keys as token_keys_module
from common.api.token_keys import token_keys
from common.ids import uuid7
from tests.factories.events import ALICE
from tests.transactions.tokens import SigningKey, claims_of, token_for

pytestmark = pytest.mark.django_db

OTHER = SigningKey("key-1")
UNKNOWN = SigningKey("key-2")


def encoded(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def unsigned(headers, claims):
    return f"{encoded(headers)}.{encoded(claims)}."


def confused(key):
    """HS256 signed with the public key as the secret."""
    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': key.kid})}.{encoded(claims_of(ALICE))}"
    digest = hmac.new(key.public_pem, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def spliced(key):
    """The signature of one token under the claims of another."""
    head, _, signature = token_for(uuid7(), key).split(".")
    return f"{head}.{encoded(claims_of(ALICE, role='treasury'))}.{signature}"


NOW = int(time.time())

FORGED = {
    "alg none": lambda _: unsigned({"alg": "none", "kid": "key-1"}, claims_of(ALICE)),
    "alg None": lambda _: unsigned({"alg": "None", "kid": "key-1"}, claims_of(ALICE)),
    "alg is a list": lambda _: unsigned({"alg": ["RS256"], "kid": "key-1"}, claims_of(ALICE)),
    "public key as secret": confused,
    "other key, known id": lambda _: token_for(ALICE, OTHER),
    "unknown id": lambda _: token_for(ALICE, UNKNOWN),
    "own key in the header": lambda _: token_for(ALICE, OTHER, headers={"jwk": OTHER.jwk()}),
    "key url in the header": lambda _: token_for(
        ALICE, OTHER, headers={"jku": "http://127.0.0.1:1/keys"}
    ),
    "id is a path": lambda key: token_for(ALICE, key, headers={"kid": "../../dev/null"}),
    "id is a query": lambda key: token_for(ALICE, key, headers={"kid": "' OR 1=1 --"}),
    "id is empty": lambda key: token_for(ALICE, key, headers={"kid": ""}),
    "crit": lambda key: token_for(ALICE, key, headers={"crit": ["x"], "x": 1}),
    "RS512": lambda key: token_for(ALICE, key, algorithm="RS512"),
    "PS256": lambda key: token_for(ALICE, key, algorithm="PS256"),
    "spliced": spliced,
    "expired": lambda key: token_for(ALICE, key, iat=NOW - 900, exp=NOW - 600),
    "not yet": lambda key: token_for(ALICE, key, nbf=NOW + 600),
    "issued later": lambda key: token_for(ALICE, key, iat=NOW + 600),
    "other issuer": lambda key: token_for(ALICE, key, iss="somebody"),
    "other audience": lambda key: token_for(ALICE, key, aud="other-api"),
    "list of audiences": lambda key: token_for(ALICE, key, aud=["notion-api", "other-api"]),
    "refresh": lambda key: token_for(ALICE, key, typ="refresh"),
    "subject is no id": lambda key: token_for("alice", key),
    "subject is a path": lambda key: token_for("../" + str(ALICE), key),
    "huge": lambda key: token_for(ALICE, key, padding="x" * 8_000),
    "empty": lambda _: "",
    "two parts": lambda key: token_for(ALICE, key).rsplit(".", 1)[0],
    "four parts": lambda key: token_for(ALICE, key) + ".x",
    "no base64": lambda _: "?.?.?",
    "claims are a list": lambda _: f"{encoded({'alg': 'RS256', 'kid': 'key-1'})}.{encoded([1])}.AA",
    "not ascii": lambda _: "é.é.é",
    **{
        f"no {claim}": lambda key, claim=claim: token_for(ALICE, key, **{claim: None})
        for claim in ("exp", "iat", "iss", "aud", "sub", "jti", "sid", "role", "typ")
    },
}


def ask(authorization):
    client = Client(raise_request_exception=False)
    return client.get("/api/v1/accounts", headers={"Authorization": authorization})


class TestTokens:
    @pytest.mark.parametrize("name", FORGED)
    @pytest.mark.usefixtures("jwks")
    def test_refuses_a_forged_token(self, signing_key, name):
        answer = ask(f"Bearer {FORGED[name](signing_key)}")

        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.usefixtures("jwks")
    def test_takes_a_good_one(self, signing_key):
        assert ask(f"Bearer {token_for(ALICE, signing_key)}").status_code == 200

    @pytest.mark.usefixtures("jwks")
    def test_refuses_none_and_other_schemes(self, signing_key):
        assert Client().get("/api/v1/accounts").status_code == 401
        assert ask("Basic YTpi").status_code == 401
        assert ask(f"Bearer {token_for(ALICE, signing_key)} more").status_code == 401

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
