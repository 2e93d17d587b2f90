"""Which tokens the gateway lets through (A4, A5); the services check them again."""

import time
from collections.abc import Callable

import jwt
import pytest

from tests.gateway import tokens
from tests.gateway.conftest import Services
from tests.gateway.problems import assert_problem
from tests.gateway.running import Gateway, new_id

PATH = "/api/v1/accounts"


def _tampered() -> str:
    head, _, signature = tokens.token().split(".")
    _, claims, _ = tokens.token(role="treasury").split(".")
    return f"{head}.{claims}.{signature}"


BAD_TOKENS: dict[str, Callable[[], str]] = {
    "expired": lambda: tokens.token(exp=int(time.time()) - 60),
    "expired long ago": lambda: tokens.token(exp=1),
    "expiry negative": lambda: tokens.token(exp=-1),
    "never expires": lambda: tokens.token(exp=None),
    "not valid yet": lambda: tokens.token(nbf=int(time.time()) + 300),
    "other issuer": lambda: tokens.token(iss="someone-else"),
    "issuer in capitals": lambda: tokens.token(iss="NOTION-USERS"),
    "no issuer": lambda: tokens.token(iss=None),
    "other audience": lambda: tokens.token(aud="other-api"),
    "list of other audiences": lambda: tokens.token(aud=["a", "b"]),
    "empty list of audiences": lambda: tokens.token(aud=[]),
    "no audience": lambda: tokens.token(aud=None),
    "other key": lambda: tokens.token(key=tokens.OTHER_KEY),
    "other key and its own id": lambda: tokens.token(key=tokens.OTHER_KEY, headers={"kid": "x"}),
    "unknown key id": lambda: tokens.token(headers={"kid": "x"}),
    "key id of the other live key": lambda: tokens.token(headers={"kid": tokens.NEXT_KEY_ID}),
    "key id is a path": lambda: tokens.token(
        key=tokens.OTHER_KEY, headers={"kid": "../../dev/null"}
    ),
    "key id is SQL": lambda: tokens.token(key=tokens.OTHER_KEY, headers={"kid": "' OR 1=1--"}),
    "brings its key": lambda: tokens.token(
        key=tokens.OTHER_KEY,
        headers={
            "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(tokens.OTHER_KEY.public_key(), as_dict=True)
        },
    ),
    "points at its keys": lambda: tokens.token(
        key=tokens.OTHER_KEY, headers={"jku": "http://127.0.0.1/keys", "x5u": "http://127.0.0.1/"}
    ),
    "algorithm none": lambda: tokens.forged({"alg": "none", "typ": "JWT"}),
    "algorithm NONE with a key id": lambda: tokens.forged({"alg": "NONE", "kid": tokens.KEY_ID}),
    "no algorithm": lambda: tokens.forged({"typ": "JWT", "kid": tokens.KEY_ID}),
    "algorithm is a number": lambda: tokens.forged({"alg": 256, "kid": tokens.KEY_ID}),
    "HMAC with the public key": lambda: tokens.forged(
        {"alg": "HS256", "typ": "JWT", "kid": tokens.KEY_ID}, secret=tokens.PUBLIC_PEM
    ),
    "HMAC without key id": lambda: tokens.forged({"alg": "HS256"}, secret=tokens.PUBLIC_PEM),
    "HMAC under the name RS256": lambda: tokens.forged(
        {"alg": "RS256", "kid": tokens.KEY_ID}, secret=tokens.PUBLIC_PEM
    ),
    "RS512 with the right key": lambda: tokens.token(alg="RS512"),
    "PS256 with the right key": lambda: tokens.token(alg="PS256"),
    "claims of another token": _tampered,
    "no signature": lambda: tokens.token().rpartition(".")[0] + ".",
    "half a signature": lambda: tokens.token()[:-20],
    "more signature": lambda: tokens.token() + "AAAA",
    "two parts": lambda: tokens.token().rpartition(".")[0],
    "four parts": lambda: tokens.token() + ".x",
    "five parts": lambda: "a.b.c.d.e",
    "padded": lambda: tokens.token() + "==",
    "no JSON": lambda: "eHh4.eHh4.eHh4",
    "no base64": lambda: "%%%.%%%.%%%",
    "dots": lambda: "..",
    "empty": lambda: "",
    "words": lambda: "let me in",
    "quoted": lambda: f'"{tokens.token()}"',
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

    def test_of_no_sensible_size_is_refused(self, gateway: Gateway):
        answer = gateway.send("GET", PATH, token="a" * 20_000)

        assert_problem(answer, status=431, code="headers_too_large")

    @pytest.mark.parametrize("path", ["/api/v1/auth/session", "/users/docs"])
    def test_does_not_close_open_routes(self, gateway: Gateway, path):
        answer = gateway.send("GET", path, token=tokens.token(exp=1))

        assert answer.status == 200


class TestTokenInAnotherPlace:
    """A good token, but not in the one Authorization header."""

    @pytest.mark.parametrize(
        "template",
        ["{}", "bearer {}", "BEARER {}", "Token {}", "Basic {}", "Bearer  {}", "Bearer {} x",
         "Bearer {0}, Bearer {0}", "Bearer {0},{0}", "Basic YTpi, Bearer {}", "Bearer\t{}"],
    )  # fmt: skip
    def test_in_another_form_is_401(self, gateway: Gateway, token, template):
        answer = gateway.send("GET", PATH, [("authorization", template.format(token))])

        assert_problem(answer, status=401, code="not_authenticated")

    def test_twice_is_401(self, gateway: Gateway, services: Services, token):
        test_id = new_id()
        headers = [("x-test-id", test_id), ("authorization", f"Bearer {token}")]

        answer = gateway.send("GET", PATH, headers, token=token)

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
