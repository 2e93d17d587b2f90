"""Access tokens that are not ours, by every known trick, are all 401 in users (A4, A5)."""

import pytest

from tests.factories.users import PASSWORD, UserFactory
from tests.policy.forged_tokens import FORGED, HEADERS, Mint, mint_of_a_stranger
from tests.users.conftest import AUTH, TRANSACTIONS
from users.identity.signing_keys import live_keys

pytestmark = pytest.mark.django_db

PROFILE = "/api/v1/users/me"
STRANGER = mint_of_a_stranger("018f6b1e-7b7e-7c3e-9a51-5b0f6f1d2c3a")


@pytest.fixture
def mint(alice) -> Mint:
    (key,) = live_keys()
    return Mint(key.private, key.kid, alice.id)


def assert_nobody(response):
    assert response.status_code == 401, (response.status_code, response.content)
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == "Bearer"


def test_there_are_more_than_sixty():
    assert len(FORGED) > 60


@pytest.mark.parametrize("name", FORGED)
def test_forged_token_is_401(mint, anonymous, name):
    headers = {"Authorization": f"Bearer {FORGED[name](mint, STRANGER)}"}

    assert_nobody(anonymous.get(PROFILE, headers=headers))
    assert_nobody(anonymous.get(TRANSACTIONS, headers=headers))
    assert_nobody(anonymous.post(TRANSACTIONS, {}, format="json", headers=headers))


def test_right_token_is_let_in(mint, anonymous):
    """Or the table above would prove nothing."""
    response = anonymous.get(PROFILE, headers={"Authorization": f"Bearer {mint.sign()}"})

    assert response.status_code == 200


@pytest.mark.parametrize("name", [n for n in HEADERS if not n.startswith("two headers")])
def test_good_token_in_another_header_is_401(mint, anonymous, name):
    """Two headers are for a real server to put together: tests/e2e does that."""
    for headers in [{"Authorization": value} for value in HEADERS[name](mint.sign())] or [{}]:
        assert_nobody(anonymous.get(PROFILE, headers=headers))


def test_tokens_for_other_things_identify_nobody(anonymous):
    user = UserFactory()
    body = {"email": user.email, "password": PASSWORD}
    meta = anonymous.post(f"{AUTH}/auth/login", body, format="json").json()["meta"]

    for name in ("session_token", "refresh_token"):
        token = meta[name]
        assert_nobody(anonymous.get(PROFILE, headers={"Authorization": f"Bearer {token}"}))
    good = {"Authorization": f"Bearer {meta['access_token']}"}
    assert anonymous.get(PROFILE, headers=good).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-User-Id": "01980000-0000-7000-8000-000000000000"},
        {"X-Forwarded-User": "alice"},
        {"X-Jwt-Payload": "eyJzdWIiOiJhbGljZSJ9"},
        {"Proxy-Authorization": "Bearer x"},
    ],
)
def test_other_headers_identify_nobody(anonymous, headers):
    assert_nobody(anonymous.get(PROFILE, headers=headers))


def test_token_in_the_query_identifies_nobody(mint, anonymous):
    assert_nobody(anonymous.get(PROFILE, {"access_token": mint.sign()}))
