"""The dialog by which staff let a parked stream be published again."""

from typing import Any

from common.adminkit import text_visible
from common.outbox.models import OutboxStream
from common.outbox.releasing import stream_unpark
from common.staff.dialogs import Ask, Dialog


def _unpark(row: OutboxStream, _: Ask) -> str:
    stream_unpark(stream=row.stream)
    return f"The publishers try stream {row.stream} again within a second or two."


def _tells(row: OutboxStream) -> list[str]:
    return [
        f"The broker refused its next event for good: {text_visible(row.blocked_reason)}",
        "The event is sent again, and behind it whatever the stream has said since, in order.",
        "If the cause is not mended, the stream is parked again within seconds.",
    ]


def _state(row: OutboxStream) -> dict[str, Any]:
    return {"parked": row.is_parked, "blocked_reason": row.blocked_reason}


UNPARK = Dialog[OutboxStream](
    action="stream.unpark",
    label="Unpark",
    permission="outbox.unpark_stream",
    tells=_tells,
    act=_unpark,
    state=_state,
    fits=lambda row: row.is_parked,
    icon="outgoing_mail",
)
"""For the page of a stream, and for parked ones that are chosen in the list."""
