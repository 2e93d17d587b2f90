"""Step 8 of the road: what the dead letter topic is told of a row that became dead."""

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings

from common.inbox.arrival import Arrival, Poison
from common.outbox.letters import Letter, outbox_append_letters

_HEADERS_MAX = 64


class DeadRow(NamedTuple):
    """A row that became dead, why, and how many attempts it has seen in all."""

    item: Arrival | Poison
    row_id: int
    error: str
    attempts: int


def letters_append(*, consumer: str, error_class: str, rows: Sequence[DeadRow]) -> None:
    """
    Send rows to this service's dead letter topic, in the caller's transaction.

    Key, value and headers are those of the record, followed by ours: `dead_letter_…`. The topic
    is for other systems to watch; nothing here reads it, and the rows are the truth.
    """
    if rows:
        outbox_append_letters([_letter(row, consumer, error_class) for row in rows])


def _letter(row: DeadRow, consumer: str, error_class: str) -> Letter:
    record = row.item.record
    about = {
        "id": row.row_id,
        "consumer": consumer,
        "class": error_class,
        "error": row.error,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
    }
    return Letter(
        topic=settings.DEAD_LETTERS_TOPIC,
        key=record.key,
        value=record.value,
        headers=[
            *record.headers[:_HEADERS_MAX],
            *((f"dead_letter_{name}", str(value).encode()) for name, value in about.items()),
        ],
    )
