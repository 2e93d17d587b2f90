"""HTTP/1.1 over a plain socket: nothing is normalised, so that bad requests stay bad."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

TIMEOUT_S = 10


@dataclass(frozen=True)
class Answer:
    """One response; header names are lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header that occurs at most once."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, values
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)


def request_bytes(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
    *,
    host: str = "api.example",
) -> bytes:
    """Write one request that closes its connection, exactly as given."""
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def exchange(port: int, raw: bytes) -> list[Answer]:
    """Send bytes and read every response until the gateway closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        with suppress(ConnectionError):  # refused while we still write; the answer is there
            connection.sendall(raw)
        with connection.makefile("rb") as stream:
            return list(_answers(connection, stream))


def _answers(connection: socket.socket, stream: BinaryIO) -> Iterator[Answer]:
    while line := _line(stream):
        status = int(line.split(" ")[1])
        headers = []
        while header := _line(stream):
            name, _, value = header.partition(":")
            headers.append((name.lower(), value.strip()))
        if status < 200:
            continue
        yield Answer(status, headers, _body(stream, dict(headers)))
        if ("connection", "close") in headers:
            # Envoy gives the client a second to close first.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)


def _line(stream: BinaryIO) -> str:
    try:
        return stream.readline().decode("latin-1").rstrip("\r\n")
    except ConnectionError:
        return ""


def _body(stream: BinaryIO, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return stream.read(int(headers.get("content-length", 0)))
    chunks = []
    while size := int(_line(stream) or "0", 16):
        chunks.append(stream.read(size))
        _line(stream)
    _line(stream)
    return b"".join(chunks)
