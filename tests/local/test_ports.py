import os
import socket

import pytest

from compose.local.errors import OperatorError
from compose.local.ports import busy, free_offset, listener, parse_offset, port_of, split_replica
from compose.local.stack import Stack, listening_names


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class TestParseOffset:
    @pytest.mark.parametrize("text", ["0", "1", "10000", "22000"])
    def test_takes_what_keeps_every_port_below_those_of_the_kernel(self, text):
        assert parse_offset(text) == int(text)

    @pytest.mark.parametrize("text", ["22001", "-1", "", " 5", "1e3", "٣", "ten"])
    def test_refuses_everything_else(self, text):
        with pytest.raises(OperatorError, match="PORT_OFFSET must be a number from 0 to 22000"):
            parse_offset(text)


class TestPortOf:
    @pytest.mark.parametrize(
        ("name", "port"),
        [
            ("gateway", 4000),
            ("users-web", 4001),
            ("users-web-2", 4011),
            ("transactions-web-4", 4032),
            ("postgres-transactions", 5434),
            ("kafka-controller", 9093),
            ("gateway-admin", 9901),
        ],
    )
    def test_is_the_base_port_shifted(self, name, port):
        assert port_of(name, 0) == port
        assert port_of(name, 700) == port + 700

    def test_no_two_processes_share_one(self, tmp_path):
        stack = Stack(local_dir=tmp_path, offset=22_000, replicas=4)

        ports = [stack.port(name) for name in listening_names(stack)]

        assert len(set(ports)) == len(ports) == 14
        assert max(ports) < 32_768

    def test_a_name_without_a_number_is_the_first(self):
        assert split_replica("users-web") == ("users-web", 1)
        assert split_replica("users-web-2") == ("users-web", 2)


class TestBusy:
    def test_names_the_ports_somebody_listens_on(self, taken_port):
        assert busy([taken_port]) == [taken_port]

    def test_leaves_out_free_ones(self, taken_port):
        assert taken_port + 1 not in busy([taken_port])

    def test_the_listener_is_named_with_its_pid(self, taken_port):
        assert f"(pid {os.getpid()})" in listener(taken_port)


class TestFreeOffset:
    def test_goes_on_past_a_taken_port(self):
        first = free_offset(["gateway"], 12_000)

        with socket.create_server(("127.0.0.1", port_of("gateway", first))):
            assert free_offset(["gateway"], first) > first
