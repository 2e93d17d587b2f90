"""Which tokens the gateway lets through (A4, A5); the services check them again."""

import time
from collections.abc import Callable

import pytest

from tests.gateway import tokens
from tests.gateway.conftest import Services
from tests.gateway.problems import assert_problem
from tests.gateway.running import Gateway, new_id
from tests.policy.forged_tokens import (
    FORGED,
    HEADERS,
    LEFT_TO_SERVICES,
    Mint,
    mint_of_a_stranger,
)

PATH = "/api/v1/accounts"


MINT = Mint(tokens.KEY, tokens.KEY_ID, "018f6b1e-7b7e-7c3e-9a51-5b0f6f1d2c3a")
STRANGER = mint_of_a_stranger(MINT.subject)

BAD_TOKENS: dict[str, Callable[[], str]] = {
    **{
        name: lambda forge=forge: forge(MINT, STRANGER)
        for name, forge in FORGED.items()
        if name not in LEFT_TO_SERVICES
    },
    "key id of the other live key": lambda: tokens.token(headers={"kid": tokens.NEXT_KEY_ID}),
    "after a space": lambda: f" x {tokens.token()}",
}


class TestBadToken:
    @pytest.mark.parametrize("name", BAD_TOKENS)
    def test_is_401(self, gateway: Gateway, services: Services, name):
        test_id = new_id()

        answer = gateway.send("GET", PATH, [("x-test-id", test_id)], token=BAD_TOKENS[name]())

        assert_problem(answer, status=401, code="not_authenticated", instance=PATH)
        assert answer.header("www-authenticate") == "Bearer"
        assert not services.requests(test_id)

    @pytest.mark.parametrize("name", sorted(LEFT_TO_SERVICES))
    def test_that_only_services_can_tell_arrives_there(
        self, gateway: Gateway, services: Services, name
    ):
        """If the gateway refuses one by now, it belongs with the others."""
        test_id, bad = new_id(), FORGED[name](MINT, STRANGER)

        answer = gateway.send("GET", PATH, [("x-test-id", test_id)], token=bad)

        assert answer.status == 200
        assert len(services.requests(test_id)) == 1

    def test_of_no_sensible_size_is_refused(self, gateway: Gateway):
        answer = gateway.send("GET", PATH, token="a" * 20_000)

        assert_problem(answer, status=431, code="headers_too_large")

    @pytest.mark.parametrize("path", ["/api/v1/auth/session", "/users/docs"])
    def test_does_not_close_open_routes(self, gateway: Gateway, path):
        answer = gateway.send("GET", path, token=tokens.token(exp=1))

        assert answer.status == 200


class TestTokenInAnotherPlace:
    """A good token, but not in the one Authorization header."""

    @pytest.mark.parametrize("name", HEADERS)
    def test_in_another_form_is_401(self, gateway: Gateway, services: Services, token, name):
        test_id = new_id()
        headers = [("authorization", value) for value in HEADERS[name](token)]

        answer = gateway.send("GET", PATH, [("x-test-id", test_id), *headers])

        assert_problem(answer, status=401, code="not_authenticated")
        assert not services.requests(test_id)

    @pytest.mark.parametrize("other", ["Bearer {}", "Basic YTpi", "x"])
    def test_beside_another_header_is_401(self, gateway: Gateway, token, other):
        bad = tokens.token(key=tokens.OTHER_KEY)
        pair = [("authorization", other.format(bad)), ("authorization", f"Bearer {token}")]

        for headers in (pair, pair[::-1]):
            answer = gateway.send("GET", PATH, headers)

            assert_problem(answer, status=401, code="not_authenticated")

    @pytest.mark.parametrize("name", ["access_token", "token", "jwt", "authorization"])
    def test_in_the_query_is_401(self, gateway: Gateway, token, name):
        answer = gateway.send("GET", f"{PATH}?{name}={token}")

        assert_problem(answer, status=401, code="not_authenticated", instance=PATH)

    @pytest.mark.parametrize(
        "name",
        ["x-authorization", "proxy-authorization", "x-access-token", "x-forwarded-authorization"],
    )
    def test_in_another_header_is_401(self, gateway: Gateway, token, name):
        answer = gateway.send("GET", PATH, [(name, f"Bearer {token}")])

        assert_problem(answer, status=401, code="not_authenticated")

    def test_in_a_cookie_or_a_form_is_401(self, gateway: Gateway, token):
        headers = [
            ("cookie", f"access_token={token}"),
            ("content-type", "application/x-www-form-urlencoded"),
        ]

        answer = gateway.send("POST", PATH, headers, f"access_token={token}".encode())

        assert_problem(answer, status=401, code="not_authenticated")


class TestGoodToken:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"aud": ["other-api", "notion-api"]},
            {"exp": int(time.time()) + 100_000},
            {"key": tokens.NEXT_KEY, "headers": {"kid": tokens.NEXT_KEY_ID}},
        ],
        ids=["plain", "one of two audiences", "long", "signed with the next key"],
    )
    def test_arrives_as_it_was_sent(self, gateway: Gateway, services: Services, changes):
        test_id, good = new_id(), tokens.token(**changes)

        answer = gateway.send("GET", PATH, [("x-test-id", test_id)], token=good)

        assert answer.status == 200
        (seen,) = services.requests(test_id)
        assert seen.all("authorization") == [f"Bearer {good}"]

    def test_may_be_a_few_seconds_late(self, gateway: Gateway):
        answer = gateway.send("GET", PATH, token=tokens.token(exp=int(time.time()) - 3))

        assert answer.status == 200
