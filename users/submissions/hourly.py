"""
How requests are counted by the hour of their acceptance, once they have an outcome.

Series: `requests` by status, `refusals` by code, `latency` by class of the time from acceptance
to outcome (see `common.hourly.latency`). Requests that wait for their outcome are few, and are
counted where somebody looks; so accepting writes nothing for this.
"""

from common.hourly.latency import class_of
from common.hourly.tallying import TALLY_INSERT, counted

_COLUMNS = (
    *("accepted_at", "settled_at", "capture", "currency", "amount"),
    *("status", "rejection_code"),
)

# The time of a hold that was captured or voided later says how people decide, not how we do.
_SETTLED_AT_ONCE = (
    "one.settled_at IS NOT NULL AND (one.status = 'rejected' OR one.capture = 'automatic')"
)
_PARTS = f"""
    ('requests', one.currency, one.status, one.amount),
    ('refusals', one.currency, one.rejection_code, one.amount),
    ('latency', '', CASE WHEN {_SETTLED_AT_ONCE}
        THEN {class_of("one.settled_at - one.accepted_at")} END, 0)
"""


def _rows(sign: int, source: str) -> str:
    return f"SELECT {sign} AS sign, {', '.join(_COLUMNS)} FROM {source} WHERE status <> 'pending'"  # noqa: S608  names of ours


def _counted(rows: str) -> str:
    return counted(rows=rows, hour="date_trunc('hour', one.accepted_at, 'UTC')", parts=_PARTS)


_NEW_ROW = ", ".join(f"NEW.{column}" for column in _COLUMNS)

TALLY_OF_INSERTED = f"""
    {TALLY_INSERT} {_counted(f"SELECT 1 AS sign, {_NEW_ROW}")};
    RETURN NULL;
"""
TALLY_OF_UPDATED = f"""
    {TALLY_INSERT} {_counted(f"{_rows(1, 'new_rows')} UNION ALL {_rows(-1, 'old_rows')}")};
    RETURN NULL;
"""
SOURCE = _counted(_rows(1, "transaction_request"))
