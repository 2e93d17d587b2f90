"""The proxy of chaos runs, between a client and a server that answers what it hears."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest

from compose.local.links import Link
from compose.local.ports import LOOPBACK
from tests.chaos import proxy

SOON_S = 10
HELD_S = 0.2
LARGE = b"\x00" * 4096


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


class Wire:
    """A client of the link and the proxy's control."""

    def __init__(self, port: int, control_port: int) -> None:
        self.port, self.control_port = port, control_port

    async def connect(self):
        return await asyncio.open_connection(LOOPBACK, self.port)

    async def order(self, **members):
        reader, writer = await asyncio.open_connection(LOOPBACK, self.control_port)
        writer.write(json.dumps({"link": "echo", **members}).encode() + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
        return answer


async def echo(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
    writer.close()


@asynccontextmanager
async def wire():
    server = await asyncio.start_server(echo, LOOPBACK, 0)
    target = server.sockets[0].getsockname()[1]
    port, control = free_port(), free_port()
    running = asyncio.create_task(
        proxy.run([Link("echo", port, target)], control_port=control, seed=1)
    )
    found = Wire(port, control)
    while True:
        try:
            await found.order(kind="none")
            break
        except ConnectionRefusedError:
            await asyncio.sleep(0)
    try:
        yield found
    finally:
        running.cancel()
        server.close()


def through_the_proxy(check):
    async def run():
        async with wire() as found:
            await asyncio.wait_for(check(found), SOON_S)

    asyncio.run(run())


async def answer(reader, writer, sent: bytes) -> bytes:
    writer.write(sent)
    return await reader.readexactly(len(sent))


class TestLink:
    def test_passes_everything_on_without_a_fault(self):
        async def check(wire):
            assert await answer(*await wire.connect(), LARGE) == LARGE

        through_the_proxy(check)

    @pytest.mark.parametrize("kind", ["reset", "drop"])
    def test_breaks_living_connections(self, kind):
        async def check(wire):
            reader, writer = await wire.connect()
            await answer(reader, writer, b"living")
            await wire.order(kind=kind)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await answer(reader, writer, b"dead")

        through_the_proxy(check)

    def test_takes_new_connections_after_a_reset(self):
        async def check(wire):
            await wire.order(kind="reset")
            assert await answer(*await wire.connect(), b"new") == b"new"

        through_the_proxy(check)

    def test_takes_no_new_connections_while_they_are_dropped(self):
        async def check(wire):
            await wire.order(kind="drop")
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await answer(*await wire.connect(), b"refused")

        through_the_proxy(check)

    @pytest.mark.parametrize("kind", ["blackhole", "half_open"])
    def test_holds_back_and_passes_on_after_healing(self, kind):
        async def check(wire):
            reader, writer = await wire.connect()
            await answer(reader, writer, b"before")
            await wire.order(kind=kind)
            held = asyncio.create_task(answer(reader, writer, b"held"))
            done, _ = await asyncio.wait([held], timeout=HELD_S)
            assert not done
            await wire.order(kind="none")
            assert await held == b"held"

        through_the_proxy(check)

    def test_flips_one_bit_of_the_last_half_of_a_large_piece(self):
        async def check(wire):
            await wire.order(kind="corrupt", amount=1)
            reader, writer = await wire.connect()
            damaged = await answer(reader, writer, LARGE)
            assert damaged[: len(LARGE) // 2] == LARGE[: len(LARGE) // 2]
            assert 1 <= sum(byte.bit_count() for byte in damaged) <= 2  # once in each direction
            assert await answer(reader, writer, b"small") == b"small"

        through_the_proxy(check)

    def test_passes_late_while_it_delays(self):
        async def check(wire):
            loop = asyncio.get_running_loop()
            reader, writer = await wire.connect()
            await wire.order(kind="delay", amount=0.1)
            began = loop.time()
            await answer(reader, writer, b"late")
            assert loop.time() - began >= 0.2

        through_the_proxy(check)

    def test_refuses_a_fault_it_does_not_know(self):
        async def check(wire):
            assert "error" in await wire.order(kind="gremlins")

        through_the_proxy(check)
