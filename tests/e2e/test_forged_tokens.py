"""Forged tokens against the running gateway and each running service, signed with its own key."""

import os
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from compose.local.environment import service_environment
from compose.local.stack import stack_from
from tests.e2e.client import Caller, sign_up
from tests.policy.forged_tokens import FORGED, HEADERS, Mint, mint_of_a_stranger

STRANGER = mint_of_a_stranger("018f6b1e-7b7e-7c3e-9a51-5b0f6f1d2c3a")
PLACES = (
    f"{os.environ['GATEWAY_URL']}/api/v1/users/me",
    f"{os.environ['GATEWAY_URL']}/api/v1/transactions",
    f"{os.environ['GATEWAY_URL']}/api/v1/accounts",
    f"{os.environ['USERS_URL']}/api/v1/users/me",
    f"{os.environ['USERS_URL']}/api/v1/transactions",
    f"{os.environ['TRANSACTIONS_URL']}/api/v1/accounts",
)
"""Through the gateway, and past it to each service."""


@pytest.fixture(scope="module")
def http():
    with httpx.Client(timeout=15, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def person() -> Caller:
    return sign_up()


@pytest.fixture(scope="module")
def mint(http, person) -> Mint:
    """Makes tokens of a person's with the very key that users signs with."""
    users = service_environment(stack_from(os.environ), "users")
    newest = sorted(Path(users["USERS_SIGNING_KEYS_DIR"]).glob("*.pem"))[-1]
    private = load_pem_private_key(newest.read_bytes(), password=None)
    found = Mint(private, "", person.id)
    published = http.get(f"{os.environ['GATEWAY_URL']}/.well-known/jwks.json").json()["keys"]
    (found.kid,) = [key["kid"] for key in published if key["n"] == found.jwk["n"]]
    return found


def assert_nobody(answer: httpx.Response) -> None:
    assert answer.status_code == 401, (answer.url, answer.status_code, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


def test_a_right_token_is_let_in_everywhere(http, mint):
    """Or what follows would prove nothing."""
    for place in PLACES:
        assert http.get(place, headers={"Authorization": f"Bearer {mint.sign()}"}).is_success


@pytest.mark.parametrize("name", FORGED)
def test_forged_token_is_401(http, mint, name):
    # Space at the end of a header is no part of it, and httpx sends none.
    value = f"Bearer {FORGED[name](mint, STRANGER)}".rstrip().encode("latin-1")

    for place in PLACES:
        assert_nobody(http.get(place, headers=[(b"Authorization", value)]))


@pytest.mark.parametrize("name", HEADERS)
def test_good_token_in_another_header_is_401(http, mint, name):
    headers = [("Authorization", value.rstrip()) for value in HEADERS[name](mint.sign())]

    for place in PLACES:
        assert_nobody(http.get(place, headers=headers))


def test_tokens_for_other_things_are_401(http):
    email = f"person-{os.urandom(8).hex()}@example.com"
    body = {"email": email, "password": "correct-horse-battery-staple"}
    answer = http.post(f"{os.environ['GATEWAY_URL']}/api/v1/auth/signup", json=body)
    meta = answer.json()["meta"]

    for name in ("session_token", "refresh_token"):
        for place in PLACES:
            assert_nobody(http.get(place, headers={"Authorization": f"Bearer {meta[name]}"}))
