"""
Writes a record to Kafka byte by byte, as a client may whose headers ours cannot express.

Sources: Kafka's protocol guide (Produce request, version 3; record batch, version 2) and
RFC 3720, appendix B.4, for the checksum.
"""

import socket
import struct

from confluent_kafka.admin import AdminClient

from common.kafka.config import client_config
from tests.e2e.client import wait_for

_BATCH_AFTER_CHECKSUM = ">hiqqqhii"
_MAGIC = 2


def record_write(topic: str, *, header_name: bytes) -> None:
    """Write one record with one header to the first partition of a topic of one replica."""
    batch = _batch(_record(header_name))
    body = struct.pack(">hhi", -1, -1, 10_000)
    body += struct.pack(">i", 1) + _string(topic)
    body += struct.pack(">iii", 1, 0, len(batch)) + batch
    request = struct.pack(">hhi", 0, 3, 1) + _string("raw") + body
    wait_for("the broker keeps the record", lambda: _error_code(topic, request) == 0 or None)


def _error_code(topic: str, request: bytes) -> int:
    """What the broker answers; a new topic is not known everywhere at once."""
    with socket.create_connection(_leader(topic), timeout=10) as wire:
        wire.sendall(struct.pack(">i", len(request)) + request)
        answer = wire.makefile("rb")
        (size,) = struct.unpack(">i", answer.read(4))
        reply = answer.read(size)
    # Correlation id, one topic by name, one partition, then the error code.
    at = 4 + 4 + 2 + len(topic) + 4 + 4
    return int(struct.unpack_from(">h", reply, at)[0])


def _leader(topic: str) -> tuple[str, int]:
    admin = AdminClient(client_config())
    known = admin.list_topics(topic, timeout=10)
    broker = known.brokers[known.topics[topic].partitions[0].leader]
    return broker.host, broker.port


def _record(header_name: bytes) -> bytes:
    fields = b"\x00" + _varint(0) + _varint(0)  # attributes, time and offset within the batch
    fields += _varint(3) + b"key" + _varint(5) + b"value"
    fields += _varint(1) + _varint(len(header_name)) + header_name + _varint(1) + b"v"
    return _varint(len(fields)) + fields


def _batch(record: bytes) -> bytes:
    checked = struct.pack(_BATCH_AFTER_CHECKSUM, 0, 0, 0, 0, -1, -1, -1, 1)
    checked += record
    rest = struct.pack(">ibI", -1, _MAGIC, _crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(rest)) + rest


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def _varint(number: int) -> bytes:
    number <<= 1  # zigzag of what is not negative
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
