"""How people are counted: `sign_ups` by the hour, and `people` by the status that they have now."""

from common.hourly.tallying import TALLY_INSERT, counted

_OF_ALL_TIME = "timestamptz '1970-01-01 00:00:00+00'"

TALLY_OF_SIGNED_UP = f"""
    {TALLY_INSERT} VALUES
        ('sign_ups', date_trunc('hour', NEW.created_at, 'UTC'), '', '', 1, 0),
        ('people', {_OF_ALL_TIME}, '', NEW.status, 1, 0);
    RETURN NULL;
"""
TALLY_OF_MOVED = f"""
    {TALLY_INSERT} VALUES
        ('people', {_OF_ALL_TIME}, '', OLD.status, -1, 0),
        ('people', {_OF_ALL_TIME}, '', NEW.status, 1, 0);
    RETURN NULL;
"""

_ROWS = "SELECT 1 AS sign, created_at, status FROM user_account"

SIGN_UPS_SOURCE = counted(
    rows=_ROWS,
    hour="date_trunc('hour', one.created_at, 'UTC')",
    parts="('sign_ups', '', '', 0)",
)
PEOPLE_SOURCE = counted(rows=_ROWS, hour=_OF_ALL_TIME, parts="('people', '', one.status, 0)")
