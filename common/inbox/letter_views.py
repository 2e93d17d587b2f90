"""Dead letters as the command shows them: escaped, and bounded."""

from datetime import datetime, timedelta
from typing import Any

from common.adminkit import duration_shown, text_visible
from common.inbox.models import DeadLetterAction
from common.inbox.records import record_of

_BYTES_SHOWN_MAX = 4096
_ERROR_SHOWN_MAX = 60


def letter_summary(row: Any, *, at: datetime) -> dict[str, Any]:
    """What a list says of a letter that `with_behind` was asked of."""
    return {
        "id": row.pk,
        "state": row.state,
        "class": row.error_class,
        "type": row.type,
        "stream": None if row.stream is None else str(row.stream),
        "sequence": row.sequence,
        "error": row.error,
        "behind": row.behind,
        "age_s": round((at - row.received_at).total_seconds(), 1),
    }


def letter_details(row: Any, *, at: datetime) -> dict[str, Any]:
    """Everything of a letter; bytes as text, with escapes for what has no shape of its own."""
    record = record_of(row)
    return {
        **letter_summary(row, at=at),
        "event_id": None if row.event_id is None else str(row.event_id),
        "source": row.source,
        "attempts": row.attempts,
        "place": f"{row.topic}/{row.partition}@{row.offset}",
        "timestamp_ms": row.timestamp_ms,
        "received_at": row.received_at.isoformat(),
        "key": bytes_shown(record.key),
        "headers": [[text_visible(name), bytes_shown(value)] for name, value in record.headers],
        "value": bytes_shown(record.value),
        "actions": [_action(action) for action in row.actions.order_by("id")],
    }


def bytes_shown(raw: bytes | None) -> str | None:
    """Bytes as visible text; None stays None, and what is too long is cut and says so."""
    if raw is None:
        return None
    text = text_visible(raw[:_BYTES_SHOWN_MAX].decode(errors="backslashreplace"))
    rest = len(raw) - _BYTES_SHOWN_MAX
    return f"{text} … {rest} more bytes" if rest > 0 else text


def list_row(summary: dict[str, Any]) -> tuple[str, ...]:
    """One line of the list, in the order of `LIST_COLUMNS`."""
    error = text_visible(summary["error"].replace("\n", " "))[:_ERROR_SHOWN_MAX]
    age = duration_shown(timedelta(seconds=summary["age_s"]))
    return (
        str(summary["id"]),
        summary["class"] if summary["state"] == "dead" else summary["state"],
        summary["type"] or "-",
        summary["stream"] or "-",
        str(summary["sequence"] or "-"),
        str(summary["behind"]),
        age,
        error,
    )


LIST_COLUMNS = ("id", "class", "type", "stream", "seq", "behind", "age", "error")


def _action(action: DeadLetterAction) -> dict[str, Any]:
    return {
        "action": action.action,
        "actor": action.actor,
        "reason": action.reason,
        "at": action.at.isoformat(),
        "result": action.result,
        "outcome": action.outcome,
    }
