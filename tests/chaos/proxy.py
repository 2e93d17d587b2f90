"""
A TCP proxy that can disturb what passes: every link of a chaos stack leads through it.

It listens where `compose.local.links` says and takes orders on a control port, one JSON object a
line: `{"link": "kafka-users", "kind": "delay", "amount": 0.05}`. Kinds:

- `none` heals: everything passes again, also what was held back;
- `reset` breaks every connection once, with RST;
- `drop` closes every connection, and every new one at once;
- `blackhole` holds everything back in both directions, as a network that is cut does;
- `half_open` holds back only what the server answers;
- `delay` passes every piece `amount` seconds late;
- `throttle` passes `amount` bytes a second in each direction;
- `corrupt` flips a bit in one of `amount` large pieces, which are record batches on Kafka's links.
"""

import asyncio
import json
import os
import random
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from compose.local.links import PROCESS, Link, link_port, links_of
from compose.local.ports import LOOPBACK
from compose.local.stack import stack_from

_PIECE = 65_536
_LARGE = 512
_RST_ON_CLOSE = struct.pack("ii", 1, 0)
_HOLDING = {"blackhole": (True, True), "half_open": (False, True)}
KINDS = frozenset({"none", "reset", "drop", "delay", "throttle", "corrupt", *_HOLDING})


@dataclass
class Disturbed:
    """One link and what is done to it now; gates are open while their direction may pass."""

    link: Link
    chance: random.Random
    kind: str = "none"
    amount: float = 0.0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    to_server: asyncio.Event = field(default_factory=asyncio.Event)
    to_client: asyncio.Event = field(default_factory=asyncio.Event)

    def disturb(self, kind: str, amount: float) -> None:
        """Begin a fault; it replaces the one before."""
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        if kind in {"reset", "drop"}:
            for writer in list(self.connections):
                _break(writer)
        self.kind, self.amount = ("none", 0.0) if kind == "reset" else (kind, amount)
        for gate, held in zip(
            (self.to_server, self.to_client), _HOLDING.get(kind, (False, False)), strict=True
        ):
            if held:
                gate.clear()
            else:
                gate.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends."""
        if self.kind == "drop":
            writer.transport.abort()
            return
        self.connections.add(writer)
        try:
            await self._join(reader, writer)
        finally:
            self.connections.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(LOOPBACK, self.link.target)
        except OSError:
            return
        self.connections.add(server[1])
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, server[1], self.to_server))
                both.create_task(self._pass(server[0], writer, self.to_client))
        except* OSError:
            pass  # a side has gone: so has the connection
        finally:
            self.connections.discard(server[1])
            server[1].transport.abort()

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        while piece := await source.read(_PIECE):
            await gate.wait()
            sink.write(await self._shaped(piece))
            await sink.drain()
        await gate.wait()
        if sink.can_write_eof():
            sink.write_eof()

    async def _shaped(self, piece: bytes) -> bytes:
        if self.kind == "delay":
            await asyncio.sleep(self.amount)
        elif self.kind == "throttle":
            await asyncio.sleep(len(piece) / self.amount)
        elif self.kind == "corrupt" and len(piece) >= _LARGE and self._strikes():
            return self._flipped(piece)
        return piece

    def _strikes(self) -> bool:
        return self.chance.random() * self.amount < 1

    def _flipped(self, piece: bytes) -> bytes:
        # The last half of a large piece is records: frames around them carry no checksum, and
        # what TCP's own checksum misses there is not what this fault is about.
        at = self.chance.randrange(len(piece) // 2, len(piece))
        damaged = bytearray(piece)
        damaged[at] ^= 1 << self.chance.randrange(8)
        return bytes(damaged)


def _break(writer: asyncio.StreamWriter) -> None:
    plain = writer.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
    writer.transport.abort()


@dataclass
class Control:
    """Takes orders and answers each with one line."""

    disturbed: dict[str, Disturbed]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey the orders of one connection."""
        async for line in reader:
            writer.write(json.dumps(self._obey(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    def _obey(self, line: bytes) -> dict[str, Any]:
        try:
            order = json.loads(line)
            link = self.disturbed[order["link"]]
            link.disturb(order["kind"], float(order.get("amount", 0)))
        except (ValueError, KeyError) as error:
            return {"error": repr(error)}
        return {"connections": len(link.connections)}


async def run(links: list[Link], *, control_port: int, seed: int) -> None:
    """Serve all links until cancelled."""
    disturbed = {
        link.name: Disturbed(link, random.Random(f"{seed}/{link.name}"))  # noqa: S311  a seed
        for link in links
    }
    servers = []
    for each in disturbed.values():
        each.disturb("none", 0)
        servers.append(await asyncio.start_server(each.serve, LOOPBACK, each.link.port))
    servers.append(await asyncio.start_server(Control(disturbed).serve, LOOPBACK, control_port))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    _stack = stack_from(os.environ)
    asyncio.run(
        run(
            links_of(_stack),
            control_port=link_port(_stack, PROCESS),
            seed=int(os.environ.get("CHAOS_SEED", "1")),
        )
    )
