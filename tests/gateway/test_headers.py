"""What a client says about itself, and what the services and the client get to hear (A8)."""

import uuid

import pytest

from tests.gateway.conftest import Services
from tests.gateway.problems import assert_problem, assert_safe_headers
from tests.gateway.running import Gateway, new_id

PATH = "/api/v1/accounts"
CLAIMED = "192.0.2.77"

SPOOFED = [
    "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server",
    "x-forwarded-user", "x-forwarded-email", "x-forwarded-client-cert", "x-forwarded-scheme",
    "x-forwarded", "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
    "true-client-ip", "cf-connecting-ip", "x-remote-addr", "x-remote-user", "remote-user",
    "x-original-url", "x-original-host", "x-rewrite-url", "x-host", "x-http-method",
    "x-http-method-override", "x-method-override", "x-user", "x-user-id", "x-user-role",
    "x-user-email", "x-auth-user", "x-internal-token", "x-jwt-payload", "x-ssl-client-verify",
    "x-correlation-id", "x-envoy-internal", "x-envoy-original-path", "x-envoy-max-retries",
    "x-envoy-retry-on", "x-envoy-upstream-alt-stat-name", "x-envoy-decorator-operation",
    "x-envoy-force-trace", "proxy", "cookie",
]  # fmt: skip


class TestSpoofedHeader:
    @pytest.mark.parametrize("name", SPOOFED)
    def test_never_arrives(self, gateway: Gateway, services: Services, token, name):
        test_id = new_id()

        answer = gateway.send("GET", PATH, [("x-test-id", test_id), (name, CLAIMED)], token=token)

        assert answer.status == 200
        (seen,) = services.requests(test_id)
        assert CLAIMED not in str(seen.headers)

    @pytest.mark.parametrize("name", ["x-forwarded-for", "X-FORWARDED-FOR", "x-forwarded-proto"])
    def test_is_replaced_by_what_the_gateway_sees(
        self, gateway: Gateway, services: Services, token, name
    ):
        test_id = new_id()
        claims = [(name, f"{CLAIMED}, 10.0.0.1"), (name, CLAIMED)]

        gateway.send("GET", PATH, [("x-test-id", test_id), *claims], token=token)

        (seen,) = services.requests(test_id)
        (address,) = seen.all("x-forwarded-for")
        assert CLAIMED not in address
        assert "," not in address
        assert seen.all("x-forwarded-proto") == ["http"]

    def test_does_not_make_anybody_internal(self, gateway: Gateway, services: Services, token):
        """The tests come from loopback, which Envoy would trust by default."""
        test_id = new_id()

        gateway.send("GET", PATH, [("x-test-id", test_id)], token=token)

        (seen,) = services.requests(test_id)
        assert not seen.all("x-envoy-internal")
        assert seen.all("x-envoy-external-address")

    def test_does_not_change_limits_and_retries(self, gateway: Gateway, services, token):
        test_id = new_id()
        headers = [
            ("x-test-id", test_id),
            ("x-test-upstream", "reset"),
            ("x-envoy-retry-on", "5xx,reset"),
            ("x-envoy-max-retries", "5"),
            ("x-envoy-upstream-rq-timeout-ms", "1"),
        ]

        answer = gateway.send("POST", "/api/v1/transactions", headers, b"{}", token=token)

        assert answer.status == 503
        assert len(services.requests(test_id)) == 1

    @pytest.mark.parametrize("name", ["x_forwarded_for", "X_User_Id", "authorization_", "_"])
    def test_with_an_underscore_is_refused(self, gateway: Gateway, services, token, name):
        test_id = new_id()

        answer = gateway.send("GET", PATH, [("x-test-id", test_id), (name, "x")], token=token)

        assert_problem(answer, status=400, code="bad_request")
        assert not services.requests(test_id)


class TestExpect:
    def test_of_something_unknown_is_refused(self, gateway: Gateway, services, token):
        test_id = new_id()
        headers = [("x-test-id", test_id), ("expect", "200-maybe")]

        answer = gateway.send("POST", "/api/v1/transactions", headers, b"{}", token=token)

        assert_problem(answer, status=400, code="bad_request")
        assert not services.requests(test_id)


class TestRequestId:
    @pytest.mark.parametrize(
        "claimed", ["mine", "0af76519-16cd-43dd-8448-eb211c80319c", "a\\nb", "x" * 500]
    )
    def test_is_made_here_and_is_the_same_everywhere(
        self, gateway: Gateway, services: Services, token, claimed
    ):
        test_id = new_id()
        headers = [("x-test-id", test_id), ("x-request-id", claimed)]

        answer = gateway.send("GET", PATH, headers, token=token)

        (seen,) = services.requests(test_id)
        request_id = answer.header("x-request-id")
        assert seen.all("x-request-id") == [request_id]
        assert request_id != claimed
        assert uuid.UUID(request_id)

    def test_is_new_for_every_request(self, gateway: Gateway):
        ids = {gateway.send("GET", "/nothing").header("x-request-id") for _ in range(20)}

        assert len(ids) == 20


class TestHeader:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("idempotency-key", "k-1"),
            ("if-match", '"3"'),
            ("prefer", "wait=5"),
            ("last-event-id", "7"),
            ("accept", "text/csv"),
            ("x-session-token", "s"),
            ("x-email-verification-key", "k"),
            ("x-password-reset-key", "k"),
        ],
    )
    def test_of_the_api_arrives(self, gateway: Gateway, services: Services, token, name, value):
        test_id = new_id()

        gateway.send("GET", PATH, [("x-test-id", test_id), (name, value)], token=token)

        (seen,) = services.requests(test_id)
        assert seen.all(name) == [value]

    def test_of_a_service_is_cleaned_on_the_way_out(self, gateway: Gateway, token):
        answer = gateway.send("GET", PATH, [("x-test-upstream", "banner")], token=token)

        assert answer.status == 200
        assert_safe_headers(answer)
        assert answer.header("cache-control") == "no-store"

    def test_about_caching_is_left_to_the_service(self, gateway: Gateway, token):
        answer = gateway.send("GET", PATH, [("x-test-upstream", "cached")], token=token)

        assert answer.header("cache-control") == "max-age=60"
