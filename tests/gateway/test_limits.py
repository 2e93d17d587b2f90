"""Nothing a client sends is unbounded (A11 to A13)."""

import socket
from collections.abc import Iterator

import pytest

from tests.gateway.conftest import Services
from tests.gateway.problems import assert_problem
from tests.gateway.running import (
    Config,
    Gateway,
    connection_manager,
    http_filter,
    load_config,
    new_id,
    routes,
    running_gateway,
)
from tests.gateway.wire import Answer, exchange, request_bytes

KIB = 1024
SUBMIT, BATCH = "/api/v1/transactions", "/api/v1/transactions/batch"


class TestBody:
    @pytest.mark.parametrize(("path", "limit"), [(SUBMIT, 64 * KIB), (BATCH, KIB * KIB)])
    def test_may_be_as_large_as_the_limit(self, gateway: Gateway, services, token, path, limit):
        test_id, body = new_id(), b"x" * limit

        answer = gateway.send("POST", path, [("x-test-id", test_id)], body, token=token)

        assert answer.status == 200
        (seen,) = services.requests(test_id)
        assert len(seen.body) == limit

    @pytest.mark.parametrize(
        ("path", "size"),
        [(SUBMIT, 64 * KIB + 1), (BATCH, KIB * KIB + 1), (f"{BATCH}/x", 64 * KIB + 1)],
    )
    def test_over_the_limit_is_413(self, gateway: Gateway, services, token, path, size):
        test_id, body = new_id(), b"x" * size

        answer = gateway.send("POST", path, [("x-test-id", test_id)], body, token=token)

        assert_problem(answer, status=413, code="payload_too_large", instance=path)
        assert not services.requests(test_id)

    def test_over_the_limit_in_chunks_is_413(self, gateway: Gateway, services: Services):
        test_id = new_id()
        headers = [("x-test-id", test_id), ("transfer-encoding", "chunked")]
        chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"

        (answer,) = exchange(
            gateway.port,
            request_bytes("POST", "/api/v1/auth/login", headers) + chunk * 17 + b"0\r\n\r\n",
        )

        assert_problem(answer, status=413, code="payload_too_large")
        assert not services.requests(test_id)


class TestHeaders:
    @pytest.mark.parametrize(
        "headers",
        [
            [("x-a", "x" * 17 * KIB)],
            [(f"x-a-{number}", "x" * 1000) for number in range(18)],
            [(f"x-a-{number}", "x") for number in range(60)],
            [("x-" + "a" * 17 * KIB, "x")],
        ],
        ids=["one large", "large together", "many", "long name"],
    )
    def test_over_the_limits_are_431(self, gateway: Gateway, headers):
        answer = gateway.send("GET", "/nothing", headers)

        assert_problem(answer, status=431, code="headers_too_large")

    def test_within_the_limits_arrive(self, gateway: Gateway, services: Services, token):
        test_id = new_id()
        headers = [("x-test-id", test_id)] + [(f"x-a-{n}", "x" * 200) for n in range(40)]

        answer = gateway.send("GET", "/api/v1/accounts", headers, token=token)

        assert answer.status == 200
        assert len(services.requests(test_id)[0].headers) < 64  # what gunicorn allows


class TestAddress:
    def test_over_the_limit_is_414(self, gateway: Gateway, services: Services, token):
        test_id, path = new_id(), "/api/v1/accounts?cursor="

        answer = gateway.send(
            "GET", path + "x" * (4001 - len(path)), [("x-test-id", test_id)], token=token
        )

        assert_problem(answer, status=414, code="uri_too_long", instance="/api/v1/accounts")
        assert not services.requests(test_id)

    def test_within_the_limit_arrives(self, gateway: Gateway, token):
        path = "/api/v1/accounts?cursor="

        answer = gateway.send("GET", path + "x" * (4000 - len(path)), token=token)

        assert answer.status == 200


class TestWaiting:
    """The time that a service gets; Envoy tells it in a header."""

    @pytest.mark.parametrize(
        ("method", "path", "headers", "milliseconds"),
        [
            ("GET", "/api/v1/accounts", [], 10_000),
            ("POST", SUBMIT, [], 10_000),
            ("POST", SUBMIT, [("prefer", "wait=10")], 14_000),
            ("POST", SUBMIT, [("prefer", "respond-async, Wait=10")], 14_000),
            ("POST", f"{SUBMIT}/x/capture", [("prefer", "wait=5")], 14_000),
            ("POST", BATCH, [], 14_000),
            ("GET", SUBMIT, [("prefer", "wait=10")], 10_000),
            ("GET", f"{SUBMIT}/x/events", [], 40_000),
        ],
    )
    def test_depends_on_the_route(
        self, gateway: Gateway, services, token, method, path, headers, milliseconds
    ):
        test_id = new_id()

        gateway.send(method, path, [("x-test-id", test_id), *headers], token=token)

        (seen,) = services.requests(test_id)
        assert seen.all("x-envoy-expected-rq-timeout-ms") == [str(milliseconds)]

    @pytest.mark.parametrize(
        ("setting", "limit"),
        [
            ("request_headers_timeout", "5s"),
            ("request_timeout", "15s"),
            ("stream_idle_timeout", "15s"),
            ("drain_timeout", "5s"),
        ],
    )
    def test_for_clients_is_set(self, setting, limit):
        """The tests below shorten these, so that they would not see one missing."""
        assert connection_manager(load_config())[setting] == limit

    @pytest.mark.parametrize(
        "setting", ["idle_timeout", "max_connection_duration", "max_stream_duration"]
    )
    def test_for_connections_is_set(self, setting):
        options = connection_manager(load_config())["common_http_protocol_options"]

        assert 0 < seconds(options[setting]) <= 600

    def test_ends_before_the_stream_counts_as_idle(self):
        config = load_config()
        idle = connection_manager(config)["stream_idle_timeout"]

        for name, route in routes(config).items():
            limits = route.get("route", {"timeout": "0s"})
            assert seconds(limits["timeout"]) <= seconds(limits.get("idle_timeout", idle)), name


def seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))


def _hurry(config: Config) -> None:
    manager = connection_manager(config)
    manager["request_headers_timeout"] = "0.2s"
    manager["request_timeout"] = "0.2s"
    for route in routes(config).values():
        if "route" in route:
            route["route"]["timeout"] = "0.2s"


@pytest.fixture(scope="module")
def hurried(services: Services, tmp_path_factory) -> Iterator[Gateway]:
    """A gateway with the same limits of time, but short ones."""
    with running_gateway(
        tmp_path_factory.mktemp("hurried"),
        users_port=services.users.port,
        transactions_port=services.transactions.port,
        change=_hurry,
    ) as running:
        yield running


class TestSlowClient:
    @pytest.mark.parametrize(
        "raw",
        [
            b"GET /api/v1/acc",
            b"GET /api/v1/accounts HTTP/1.1\r\nHost: api.example\r\nX-A: b",
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: api.example\r\nContent-Length: 9\r\n\r\n{",
            (
                b"POST /api/v1/auth/login HTTP/1.1\r\nHost: api.example\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"
            ),
        ],
        ids=["request line", "headers", "body", "chunk"],
    )
    def test_is_sent_away(self, hurried: Gateway, raw):
        (answer,) = exchange(hurried.port, raw)

        assert_problem(answer, status=408, code="request_timeout")

    def test_does_not_keep_a_service_busy(self, hurried: Gateway, services: Services):
        test_id = new_id()
        raw = request_bytes("POST", "/api/v1/auth/login", [("x-test-id", test_id)], b"{}")

        with socket.create_connection(("127.0.0.1", hurried.port)) as connection:
            connection.sendall(raw[:-1])
            assert connection.recv(100).startswith(b"HTTP/1.1 408")

        assert not services.requests(test_id)


class TestSlowService:
    def test_is_504(self, hurried: Gateway, services: Services, token):
        test_id = new_id()
        headers = [("x-test-id", test_id), ("x-test-upstream", "hang")]

        answer = hurried.send("POST", SUBMIT, headers, b"{}", token=token)

        assert_problem(answer, status=504, code="timeout", instance=SUBMIT)
        assert len(services.requests(test_id)) == 1


def _limit_clients(config: Config) -> None:
    (per_client,) = http_filter(config, "local_ratelimit")["descriptors"]
    per_client["token_bucket"] = {"max_tokens": 5, "tokens_per_fill": 1, "fill_interval": "3600s"}


def _limit_process(config: Config) -> None:
    limits = http_filter(config, "local_ratelimit")
    limits["token_bucket"] = {"max_tokens": 5, "tokens_per_fill": 1, "fill_interval": "3600s"}
    for per_client in limits["descriptors"]:
        per_client["token_bucket"]["fill_interval"] = "3600s"


class TestFlood:
    @pytest.mark.parametrize("limit", [_limit_clients, _limit_process])
    def test_is_429_whoever_the_client_says_it_is(self, services: Services, tmp_path, limit):
        with running_gateway(
            tmp_path,
            users_port=services.users.port,
            transactions_port=services.transactions.port,
            change=limit,
        ) as limited:
            answers = [_flood(limited, number) for number in range(20)]

        assert [answer.status for answer in answers] == [404] * 5 + [429] * 15
        assert_problem(answers[-1], status=429, code="rate_limited", instance="/x")
        assert answers[-1].header("retry-after") == "1"

    def test_is_judged_generously_by_default(self, gateway: Gateway):
        answers = [_flood(gateway, number) for number in range(100)]

        assert {answer.status for answer in answers} == {404}


def _flood(gateway: Gateway, number: int) -> Answer:
    return gateway.send("GET", "/x", [("x-forwarded-for", f"198.51.100.{number}")])
