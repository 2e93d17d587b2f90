"""Step 0 of the road: which requests reach a service, and as what."""

import re

import pytest

from tests.gateway.conftest import Services
from tests.gateway.problems import assert_problem, assert_safe_headers
from tests.gateway.routes import HIDDEN, NORMALISED, REFUSED, ROUTES, Route
from tests.gateway.running import (
    Gateway,
    connection_manager,
    http_filter,
    load_config,
    new_id,
    routes,
)

OPEN_ROUTES = {
    "trace",
    "jwks",
    "openid_configuration",
    "auth_account",
    "auth",
    "users_docs",
    "users_static",
    "transactions_docs",
    "transactions_static",
}


class TestPublicRoute:
    @pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
    def test_reaches_its_service(self, gateway: Gateway, services: Services, token, route: Route):
        test_id = new_id()

        answer = gateway.send(
            route.method,
            f"{route.path}?cursor=a%2Fb",
            [("x-test-id", test_id)],
            token=token if route.needs_token else None,
        )

        assert answer.status == 200
        (seen,) = services.requests(test_id)
        assert (seen.service, seen.method) == (route.service, route.method)
        assert seen.target == f"{route.upstream_path}?cursor=a%2Fb"
        assert_safe_headers(answer)

    @pytest.mark.parametrize(
        "route",
        [route for route in ROUTES if route.needs_token],
        ids=lambda route: f"{route.method} {route.path}",
    )
    def test_is_401_without_a_token(self, gateway: Gateway, services: Services, route: Route):
        test_id = new_id()

        answer = gateway.send(route.method, route.path, [("x-test-id", test_id)])

        assert_problem(answer, status=401, code="not_authenticated", instance=route.path)
        assert answer.header("www-authenticate") == "Bearer"
        assert not services.requests(test_id)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD"])
    def test_leaves_methods_to_the_service(self, gateway: Gateway, services, token, method):
        test_id = new_id()

        answer = gateway.send(method, "/api/v1/users/me", [("x-test-id", test_id)], token=token)

        assert answer.status == 200
        assert services.requests(test_id)[0].method == method

    def test_is_not_there_for_trace(self, gateway: Gateway, services: Services, token):
        test_id = new_id()

        answer = gateway.send("TRACE", "/api/v1/accounts", [("x-test-id", test_id)], token=token)

        assert_problem(answer, status=405, code="method_not_allowed")
        assert not services.requests(test_id)

    @pytest.mark.parametrize("method", ["CONNECT", "PRI", "get", "FOO", "G@T"])
    def test_is_not_there_for_strange_methods(self, gateway: Gateway, token, method):
        answer = gateway.send(method, "/api/v1/accounts", token=token)

        assert_problem(answer, status=400, code="bad_request")


class TestOtherPath:
    @pytest.mark.parametrize("target", HIDDEN)
    def test_is_404(self, gateway: Gateway, services: Services, token, target):
        test_id = new_id()

        answer = gateway.send("GET", target, [("x-test-id", test_id)], token=token)

        assert_problem(answer, status=404, code="not_found")
        assert not services.requests(test_id)

    @pytest.mark.parametrize("target", ["/", "/admin/", "/metrics", "/api/v1/nothing"])
    @pytest.mark.parametrize("headers", [[], [("authorization", "Basic YTpi")]])
    def test_is_404_without_a_token_too(self, gateway: Gateway, target, headers):
        answer = gateway.send("POST", target, headers)

        assert_problem(answer, status=404, code="not_found", instance=target)

    def test_says_where_the_api_is_described(self, gateway: Gateway):
        answer = gateway.send("GET", "/")

        described = {route.path for route in ROUTES if route.path.endswith("/docs")}
        pages = re.findall(r'<([^>]+)>; rel="service-doc"', answer.header("link"))
        assert sorted(pages) == sorted(described)

    @pytest.mark.parametrize("target", REFUSED)
    def test_is_refused_when_it_can_be_read_in_two_ways(
        self, gateway: Gateway, services: Services, token, target
    ):
        test_id = new_id()

        answer = gateway.send("GET", target, [("x-test-id", test_id)], token=token)

        assert_problem(answer, status=400, code="bad_request")
        assert not services.requests(test_id)

    @pytest.mark.parametrize(("target", "service", "upstream"), NORMALISED)
    def test_arrives_in_the_spelling_that_was_checked(
        self, gateway: Gateway, services: Services, token, target, service, upstream
    ):
        test_id = new_id()

        answer = gateway.send("GET", target, [("x-test-id", test_id)], token=token)

        assert answer.status == 200
        (seen,) = services.requests(test_id)
        assert (seen.service, seen.target) == (service, upstream)

    def test_cannot_break_out_of_the_problem_document(self, gateway: Gateway):
        target = '/x"},"code":"mine\\"'

        problem = gateway.send("GET", target).json()

        assert problem["code"] == "not_found"
        assert problem["instance"].startswith("/x")


class TestRouteTable:
    """What holds for routes that are added later, too."""

    def test_needs_a_token_unless_it_says_otherwise(self):
        config = load_config()
        (host,) = connection_manager(config)["route_config"]["virtual_hosts"]
        name = "envoy.filters.http.jwt_authn"

        open_routes = {
            route["name"]
            for route in host["routes"]
            if route.get("typed_per_filter_config", {}).get(name, {}).get("disabled")
        }

        requirement = host["typed_per_filter_config"][name]["requirement_name"]
        provider = http_filter(config, "jwt_authn")["requirement_map"][requirement]
        assert provider == {"provider_name": "users"}
        assert open_routes == OPEN_ROUTES

    @pytest.mark.parametrize("tail", ["/..", "/.", "/a%2f", "/a;b", "/ ", "/a\\b", "//", "/\u00e4"])
    def test_matches_whole_paths_of_plain_characters(self, tail):
        for route in routes(load_config()).values():
            match = route["match"]
            if "route" not in route or "path" in match:
                continue
            pattern = re.compile(match["safe_regex"]["regex"])
            public = next(known.path for known in ROUTES if pattern.fullmatch(known.path))

            assert not pattern.fullmatch(public + tail), route["name"]

    def test_sends_nothing_twice_that_may_have_arrived(self):
        (host,) = connection_manager(load_config())["route_config"]["virtual_hosts"]

        assert host["retry_policy"]["retry_on"].split(",") == [
            "connect-failure",
            "refused-stream",
            "reset-before-request",
        ]
        assert not any("retry_policy" in route.get("route", {}) for route in host["routes"])
