"""One request of a client is at most one request to a service (A10)."""

from typing import ClassVar

import pytest

from tests.gateway.conftest import Services
from tests.gateway.http2 import http2_exchange
from tests.gateway.problems import assert_problem
from tests.gateway.running import Gateway, new_id
from tests.gateway.smuggling import CASES, HIDDEN
from tests.gateway.wire import exchange

ACCEPTED = {
    "carriage return after": b"",
    "folded coding": b"",
    "folded into the header before": b"",
    "chunk longer than it says": b"{",
    "length in the trailers": b"",
    "lines that end in LF": b"{}",
    "header that hides a line": b"{}",
    "header that hides a line behind CR": b"",
    "upgrade": b"{}",
}
"""Read in one way and written anew for the service, with this body; all others are refused."""


class TestAmbiguousRequest:
    @pytest.mark.parametrize("name", CASES)
    def test_is_at_most_one_request_upstream(self, gateway: Gateway, services: Services, name: str):
        test_id = new_id()
        raw = CASES[name].format(id=test_id, hidden=HIDDEN.format(id=test_id))

        first, *rest = exchange(gateway.port, raw.encode("latin-1"))

        bodies = [seen.body for seen in services.requests(test_id)]
        assert not any("smuggled" in seen.target for seen in services.requests(test_id))
        if name in ACCEPTED:
            assert first.status == 200
            assert bodies == [ACCEPTED[name]]
        else:
            assert_problem(first, status=400, code="bad_request")
            assert not bodies
        assert all(answer.status in {400, 401} for answer in rest)

    def test_arrives_with_one_length(self, gateway: Gateway, services: Services):
        test_id = new_id()
        raw = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n"
            f"X-Test-Id: {test_id}\r\nTransfer-Encoding: chunked\r\n\r\n"
            "1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-A: b\r\n\r\n"
        )

        (answer,) = exchange(gateway.port, raw.encode())

        assert answer.status == 200
        (seen,) = services.requests(test_id)
        assert seen.body == b"{}"
        assert len(seen.all("content-length") + seen.all("transfer-encoding")) == 1
        assert not seen.all("x-a")

    def test_in_a_pipeline_is_answered_one_by_one(self, gateway: Gateway, services: Services):
        ids = [new_id() for _ in range(3)]
        requests = [
            f"GET /api/v1/auth/session HTTP/1.1\r\nHost: api.example\r\nX-Test-Id: {test_id}\r\n"
            for test_id in ids
        ]
        raw = "\r\n".join(requests) + "Connection: close\r\n\r\n"

        answers = exchange(gateway.port, raw.encode())

        assert [answer.status for answer in answers] == [200, 200, 200]
        assert [len(services.requests(test_id)) for test_id in ids] == [1, 1, 1]


class TestHttp2Request:
    GOOD: ClassVar = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":authority", b"api.example"),
        (b":path", b"/api/v1/auth/login"),
    ]

    def test_arrives(self, gateway: Gateway, services: Services):
        test_id = new_id()

        outcome = http2_exchange(
            gateway.port, [*self.GOOD, (b"x-test-id", test_id.encode())], b"{}"
        )

        assert outcome == "answered"
        (seen,) = services.requests(test_id)
        assert (seen.target, seen.body) == ("/_allauth/app/v1/auth/login", b"{}")

    @pytest.mark.parametrize(
        "bad",
        [
            (b"transfer-encoding", b"chunked"),
            (b"connection", b"keep-alive"),
            (b"content-length", b"0"),
            (b"content-length", b"1000"),
            (b"x-a", b"b\r\nx-b: c"),
            (b"x-a", b"b\nx-b: c"),
            (b"x-a", b"b\0"),
            (b"x-a: b\r\nx-b", b"c"),
            (b"X-A", b"b"),
            (b"x a", b"b"),
            (b"", b"b"),
            (b"x_user_id", b"b"),
            (b":path", b"/admin/"),
            (b":method", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
            (b":unknown", b"b"),
        ],
        ids=repr,
    )
    def test_with_a_header_that_http_1_reads_differently_does_not_arrive(
        self, gateway: Gateway, services: Services, bad
    ):
        test_id = new_id()

        http2_exchange(gateway.port, [*self.GOOD, (b"x-test-id", test_id.encode()), bad], b"{}")

        assert not services.requests(test_id)

    @pytest.mark.parametrize(
        "path",
        [
            b"/api/v1/auth/login HTTP/1.1\r\nx-a: b",
            b"/api/v1/auth/login\r\n",
            b"/admin/",
            b"*",
            b"",
        ],
    )
    def test_with_a_bad_path_does_not_arrive(self, gateway: Gateway, services: Services, path):
        test_id = new_id()
        headers = [*self.GOOD[:3], (b":path", path), (b"x-test-id", test_id.encode())]

        http2_exchange(gateway.port, headers, b"{}")

        assert not services.requests(test_id)

    @pytest.mark.parametrize("missing", [b":method", b":path", b":authority"])
    def test_without_a_part_of_its_line_does_not_arrive(
        self, gateway: Gateway, services: Services, missing
    ):
        test_id = new_id()
        headers = [header for header in self.GOOD if header[0] != missing]

        http2_exchange(gateway.port, [*headers, (b"x-test-id", test_id.encode())], b"{}")

        assert not services.requests(test_id)
