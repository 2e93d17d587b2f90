"""Records that cannot be applied, of streams that nobody has, with events that wait behind."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from common.demo_history.history import PARTITIONS
from common.demo_history.people import id_at
from common.demo_history.scale import DAYS, Scale
from common.events.envelope import headers_of
from common.kafka.broker import Record

WAITING_TYPE = "demo_note.v1"
"""An event that means nothing to anybody, so it can be applied by everybody."""

_BEHIND_MAX = 3


def broken_records(
    scale: Scale, *, topic: str, source: str, event_type: str
) -> Iterator[list[Record]]:
    """
    For each dead letter its record and those that wait behind it, in the order of time.

    `event_type` is one that the topic's consumer knows; `source` the topic's owner.
    """
    random = Random(f"letters/{topic}/{scale}")  # noqa: S311  made up, not secret
    for number in range(scale.dead_letters):
        at = scale.begins_at + timedelta(days=DAYS) * ((number + 0.5) / scale.dead_letters)
        stream = id_at(at, random)
        value, changed = _breakage(number, event_type, stream)
        changed = {"event_type": event_type, "source": source, **changed}
        records = [_record(topic, stream, at, number, value, changed, random)]
        if number % 5 == 0:
            records += [
                _record(
                    topic,
                    stream,
                    at + timedelta(seconds=behind),
                    number,
                    b"{}",
                    {"event_type": WAITING_TYPE, "source": source, "sequence": str(1 + behind)},
                    random,
                )
                for behind in range(1, random.randint(1, _BEHIND_MAX) + 1)
            ]
        yield records


def _breakage(number: int, event_type: str, stream: UUID) -> tuple[bytes, dict[str, str]]:
    """What is wrong with a record: its data, or what its headers say."""
    name = event_type.partition(".")[0]
    whole = {"transaction_id": str(stream), "amount": 1250 + number, "currency": "EUR"}
    match number % 6:
        case 0:
            return json.dumps(whole)[:-9].encode(), {}
        case 1:
            return json.dumps({**whole, "amount": "12.50"}).encode(), {}
        case 2:
            return json.dumps(whole).encode(), {"event_type": f"{name}.v9"}
        case 3:
            return json.dumps(whole).encode(), {"source": "/elsewhere"}
        case 4:
            return json.dumps({"note": "<b>not ours</b>"}).encode(), {}
        case _:
            return b"\x00\xff\xfe", {}


def _record(
    topic: str,
    stream: UUID,
    at: datetime,
    number: int,
    value: bytes,
    said: dict[str, str],
    random: Random,
) -> Record:
    envelope = {
        "event_id": str(UUID(int=random.getrandbits(128), version=4)),
        "subject": str(stream),
        "time": at.isoformat(),
        "stream": str(stream),
        "sequence": "1",
        "correlation_id": f"demo-letter-{number}",
        "causation_id": None,
        "actor": "system:demo",
        "traceparent": None,
        **said,
    }
    return Record(
        topic=topic,
        partition=stream.int % PARTITIONS,
        offset=number,
        timestamp_ms=int(at.timestamp() * 1000),
        key=str(stream).encode(),
        value=value,
        headers=headers_of(**envelope),  # type: ignore[arg-type]  # as it wants them
    )
