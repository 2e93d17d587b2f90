"""Moments of events as the books can hold them."""

from datetime import UTC, datetime

from common.events.codec import EventInvalid


def utc(moment: datetime) -> datetime:
    """
    A moment that the database can store and give back.

    Raises `EventInvalid` for one without a zone, and for one that is out of range in UTC.
    """
    if moment.tzinfo is None:
        raise EventInvalid("a moment has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise EventInvalid("a moment is out of range") from None
