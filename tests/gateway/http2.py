"""Just enough HTTP/2 to send headers that no client library would send."""

import socket
import struct

from tests.gateway.wire import TIMEOUT_S

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _END_HEADERS = 1, 4


def http2_exchange(port: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> str:
    """
    Send one request and wait for its end.

    Returns `answered`, `reset` or `closed`; what the answer says does not matter here, only
    what reached a service.
    """
    block = b"".join(_literal(name, value) for name, value in headers)
    raw = PREFACE + _frame(_SETTINGS, 0, 0, b"")
    raw += _frame(_HEADERS, _END_HEADERS | (0 if body else _END_STREAM), 1, block)
    if body:
        raw += _frame(_DATA, _END_STREAM, 1, body)
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(raw)
        with connection.makefile("rb") as stream:
            while len(head := stream.read(9)) == 9:
                size, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
                stream.read(size)
                if kind == _RESET:
                    return "reset"
                if kind == _GOAWAY:
                    return "closed"
                if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
                    return "answered"
    return "closed"


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))[1:]
        + bytes((kind, flags))
        + struct.pack(">I", stream)
        + payload
    )


def _literal(name: bytes, value: bytes) -> bytes:
    """One header of HPACK, not indexed and not compressed (RFC 7541, section 6.2.2)."""
    return b"\0" + _string(name) + _string(value)


def _string(text: bytes) -> bytes:
    assert len(text) < 127, "longer ones need a second byte"
    return bytes((len(text),)) + text
